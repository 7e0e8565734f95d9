/** Stories of messages and alerts for the operator. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join as pathOf } from "node:path";

import { binary, sandbox, type Sandbox } from "../../support";
import { startSession, sent } from "./agents";

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.cleanup());

/** A `notify-send` that writes down its arguments, one a line, and ends with this code. */
function notifier(code = 0): () => string[] {
  const log = pathOf(box.home, "notices");
  const path = pathOf(box.bin, "notify-send");
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" >>"${log}"\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []);
}

const watch = (...more: string[]) => box.parley(["watch", "--operator", ...more]);

test("watch --operator shows the operator's mail and critical alerts, the waiting ones first, each once", async () => {
  const claude = await startSession(box, "claude", { register: ["--project", "P"] });
  await claude.parley("message", "operator", "which branch?");
  await claude.parley("message", "--all", "for nobody's eyes");
  await claude.parley("publish", "state", "for everybody's");
  const first = await watch("--once", "--json");
  const lines = first.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([{ type: "message", message: { recipient_id: "operator" } }]);
  expect(await sent(claude)).toEqual(["which branch?: delivered"]);

  const next = watch("--once", "--json", "--for", "20s");
  await startSession(box, "codex", { register: ["--project", "P"] });
  const { message } = JSON.parse((await next).stdout);
  expect(message).toMatchObject({ message_type: "project_conflict", priority: 3 });
  expect((await watch("--for", "50ms")).stdout).toBe("");
});

test.skipIf(process.platform !== "linux")(
  "--notify hands each to the desktop as arguments, whatever they say, and also where nobody reads stdout",
  async () => {
    const notices = notifier();
    const claude = await startSession(box, "claude");
    await claude.parley(
      "message",
      "operator",
      "--priority",
      "3",
      "--",
      `--urgency=low <b>$(id)</b>\n"; rm -rf ~`,
    );
    const quiet = `parley watch --operator --notify --for 300ms >/dev/null`;
    expect((await claude.agent.run(["sh", "-c", quiet])).exitCode).toBe(0);
    expect(notices()).toEqual([
      ...["--app-name=parley", "--", `parley: critical, from ${claude.id}`],
      `--urgency=low &lt;b&gt;$(id)&lt;/b&gt;⏎"; rm -rf ~`,
    ]);
    expect(
      (await box.parley(["message", "--sent", "--json", "--session", claude.id])).json().data
        .totals,
    ).toEqual({
      ...{ pending: 0, delivered: 1, read: 0 },
    });
  },
);

test.skipIf(process.platform !== "linux")(
  "what neither the desktop nor a reader has shown stays pending",
  async () => {
    const notices = notifier(1);
    const claude = await startSession(box, "claude");
    await claude.parley("message", "operator", "hello");
    const quiet = `parley watch --operator --notify --for 300ms >/dev/null`;
    await claude.agent.run(["sh", "-c", quiet]);
    expect(notices()).toHaveLength(4);
    expect(await sent(claude)).toEqual(["hello: pending"]);
    // The reservation is given back at once.
    expect((await watch("--once")).stdout).toContain("> hello");
  },
);

test("without a desktop the bell of the terminal rings", async () => {
  const claude = await startSession(box, "claude");
  await claude.parley("message", "operator", "hello");
  let screen = "";
  const child = Bun.spawn([binary, "watch", "--operator", "--notify", "--once"], {
    env: { HOME: box.home, PATH: box.dir, TERM: "xterm-256color" },
    terminal: { cols: 100, rows: 40, data: (_, bytes) => void (screen += bytes.toString()) },
  });
  expect(await child.exited).toBe(0);
  child.terminal!.close();
  expect(screen).toContain("> hello");
  expect(screen).toContain("\x07");
});

test("--operator and --notify are refused with options that they exclude", async () => {
  expect(await watch("state")).toMatchObject({ exitCode: 64 });
  expect(await watch("--since", "3")).toMatchObject({ exitCode: 64 });
  expect(await box.parley(["watch", "--notify"])).toMatchObject({ exitCode: 64 });
});

test("status shows what waits for the operator before anything else", async () => {
  const claude = await startSession(box, "claude", { register: ["--project", "P"] });
  await startSession(box, "codex", { register: ["--project", "P"] });
  await claude.parley("message", "operator", "which branch?");
  const status = async (...more: string[]) =>
    (await box.parley(["status", "--no-log", ...more])).stdout.split("\n");
  const seen = await status();
  expect(seen[2]).toBe(
    "**For the operator:** 1 unread message (parley inbox --as operator), 1 critical alert (parley status --alerts)",
  );
  expect(seen.join("\n")).not.toContain("which branch?");
  const own = (await status("--as", "operator")).join("\n");
  expect(own.indexOf("which branch?")).toBeLessThan(own.indexOf("**Session:"));
  expect(own.split("which branch?")).toHaveLength(2);
  const { operator_unread } = (await box.parley(["status", "--json"])).json().data;
  expect(operator_unread).toBe(1);
});
