/** Programs run as sessions, the session log, the switch of the hooks, and the earlier names of commands. */
import { type Group, story } from "../group";

const running = story(
  "running",
  `claude register
   desk* run -- true
   desk* run -- sh -c "exit 7"
   desk* run -- sh -c "kill -TERM $$"
   desk* run --llm mytool --model m-1 --task-id H.13.2 --project PILOT --name helper -- sh -c "parley status --no-log; parley task H.2"
   desk* run --llm mytool -- sh -c "parley register --task-id H.3; parley lock a.txt; parley inbox"
   desk* run --name helper -- sh -c "cat; echo to stderr >&2" < "from stdin"
   desk* run -- no-such-program
   desk* run -- /etc/hostname
   desk* run --llm No -- true
   desk* run --name "no good" -- true
   claude* run --llm inner -- parley task
   desk* run -- ./agent.sh one "two words"
   desk& run --llm waiter --name waiter -- parley inbox --channel coordination --wait 20s
   = sleep 900
   claude message waiter "the build is red"
   = join
   desk $ timeout 1 parley run --llm late -- sleep 20
   desk* status --lifecycle
   desk@50 run -- parley status --no-log
   desk $ sh -c "echo through | parley run -- cat | tr a-z A-Z"`,
  (stage) => stage.write("work/agent.sh", '#!/bin/sh\necho "$# $2"\nexit 3\n', 0o755),
);

const logging = story(
  "logging",
  `desk* log --view
   claude register --project PILOT --task-id H.1
   claude* log "moved the parser into its own module"
   claude* log --issue "the race in cleanup"
   claude* log --fix "the race in cleanup" --issue
   claude* log --deployed "to staging"
   claude* log - < "from stdin\\nwith ### a heading\\n"
   claude* log -- --view
   claude* log "hostile \u202e\u0007 \`text\` <b>"
   claude* log --view
   claude* log --view --date 2026-02-11
   claude status
   claude* log --view
   desk* log "without a session"
   desk* log "as the human" --as operator
   desk* log --view
   desk* log --view --as operator
   codex register
   codex* log "another project"
   claude PARLEY_LOG_DIR={work}/logs log "elsewhere"
   claude PARLEY_LOG_DIR=/dev/null/x log "nowhere"
   claude@50 log --view
   = files`,
);

const names = story(
  "names",
  `claude $ session-status
   claude $ session-register --task-id H.13 --project PILOT
   codex $ session-register --llm codex --task-id J.15.6 --project PILOT
   claude $ session-register --json
   claude $ session-status --stats
   claude $ session-status --locks
   claude $ session-status --claims
   claude $ session-status --alerts
   claude $ session-status --unread
   claude $ session-status --lifecycle
   claude $ session-status --no-log
   claude $ session-status --no-log --json
   claude $ session-message {codex} "please release lock on paths.py"
   claude $ session-message {codex} "urgent: task H.13.7 conflict" --priority 3
   claude $ session-message --all "switching to track J work"
   claude $ session-message --sent
   claude $ session-message --sent --status
   claude $ session-message
   codex $ session-register
   codex $ session-status --unread
   codex $ orient
   codex $ cxq --bus-unread
   codex $ cxq --bus-messages --limit 3
   codex $ cxq --bus-alerts
   codex $ cxq --bogus
   codex $ session-conflicts --full
   codex $ session-conflicts src/a.ts
   codex $ session-rescue --status
   codex $ session-log "a note"
   codex $ session-log --view
   codex $ session-status status
   codex $ session-status --bogus --json
   codex $ session-message nobody hello
   desk $ session-message {codex} hello
   desk $ session-status`,
);

const turnedOff = story(
  "switch",
  `claude* off
   claude* off
   claude* status --no-log
   claude hook claude SessionStart < "{"session_id":"one","cwd":"{work}"}"
   claude* on
   claude* on
   claude hook claude SessionStart < "{"session_id":"one","cwd":"{work}"}"
   claude* off --bogus
   claude $ sh -c "echo '{ broken' >{home}/.local/share/parley/preferences.json"
   claude* on
   claude* doctor
   = files home`,
);

export const programs: readonly Group[] = [running, logging, names, turnedOff];
