#!/usr/bin/env python3
"""worker.py NAME FILE: waits for one message, appends its text to the file, answers, and leaves."""
import json, os, subprocess, sys

name, file = sys.argv[1:]

def parley(*args):
    run = subprocess.run(["parley", *args, "--json"], stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout)  # {"ok": true, "data": …} or {"ok": false, "error": …}

# The session lives as long as this process, and the commands below act for it.
session = parley("register", "--llm", "worker", "--name", name, "--pid", str(os.getpid()))
if not session["ok"]:
    sys.exit(session["error"]["message"])
os.environ["PARLEY_SESSION"] = session["data"]["session"]["session_id"]
try:
    # What this prints is delivered by that. "timeout": nobody wrote for 60 s.
    inbox = parley("inbox", "--channel", "coordination", "--wait", "60s", "--limit", "1")
    for mail in inbox["data"]["messages"] if inbox["ok"] else []:
        # Nobody else edits the file meanwhile: "timeout" where another session held it for all of the 10 s.
        lock = parley("lock", file, "--wait", "10s")
        if lock["ok"]:
            with open(file, "a") as out:
                print(mail["payload"]["message"], file=out)
            parley("unlock", file)
        answer = f"done: {file}" if lock["ok"] else lock["error"]["message"]
        parley("message", mail["sender_id"], answer, "--reply-to", str(mail["id"]))
finally:
    parley("unregister")
