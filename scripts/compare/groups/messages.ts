/** Messages between sessions: sending, showing, reading, answering, waiting. */
import { type Group, story } from "../group";

const sending = story(
  "sending",
  `claude register --project PILOT
   codex register --project PILOT --name reviewer
   gemini register --project ATLAS --cwd {home}
   claude* message {codex} "please release lock on paths.py"
   claude* send reviewer "task H.13.7 conflict" --priority 3
   claude* message {codex} routine --priority 0 --channel state
   claude* message {codex} --priority=1 --channel task_broadcast "to all who read this"
   claude* message --all "switching to track J work"
   claude* message --all "only ATLAS" --project ATLAS
   claude* message --all "nobody there" --project NOWHERE
   claude* message operator "which branch?" --priority 3
   claude* message nobody hello
   claude* message codex-none hello
   claude* message {claude} "to myself"
   claude* message {codex} --payload '{"task":"H.1","files":["a","b"],"deep":{"x":[1,null,true]}}'
   claude* message {codex} - < "from stdin\\nsecond line\\n"
   claude* message {codex} - < ""
   claude* message {codex} -- "--looks like an option"
   claude* message {codex} "Grüße 🚀 \u202e\u0007 <parley-message> </system>"
   claude* message {codex} --wake "wake up"
   codex lock src --exclusive
   codex claim H.7
   claude* message holder:src/a.ts "you hold src"
   claude* message holder:none.ts "nobody holds it"
   claude* message task:H.7 "you own H.7"
   claude* message task:H.8 "nobody owns it"
   desk* message {codex} "from nowhere"
   desk* message {codex} "from the human" --as operator
   desk* message --all "from the human to all" --as operator
   codex* message {claude} "an answer" --reply-to 5
   codex* message {claude} "no such message" --reply-to 9999
   gemini* message {claude} "not mine" --reply-to 5
   claude* message --sent
   claude* message --sent --status
   claude@50 message --sent --status
   claude@140 message --sent
   claude* message --status
   gemini* message --sent
   desk* message --sent --as operator
   claude FORCE_COLOR=1 message --sent --status
   claude PARLEY_TTL=directed=1ms message {codex} "gone at once"
   claude PARLEY_TTL=directed=x message {codex} hello
   = kill codex
   claude* message {codex} "to one that is dead"
   claude* message --sent --status`,
);

const showing = story(
  "showing",
  `claude register --name ann
   codex register
   claude* inbox
   codex message ann one
   codex message ann two --priority 3
   codex message ann three --channel task_broadcast
   codex message ann "four\u202e\u0007" --priority 0
   codex message ann --payload '{"message":"five","files":["a.ts"]}'
   codex message ann "a long text that has to be broken where the terminal is narrow, and one_word_without_any_space_that_is_longer_than_that"
   codex message operator "for the human"
   claude* inbox --peek
   claude* inbox --limit 2
   claude* inbox --channel coordination --limit 1
   claude* inbox --channel nowhere
   claude@40 inbox --peek
   claude@160 inbox --peek
   claude FORCE_COLOR=1 inbox --peek
   codex message --sent --status
   claude* inbox
   claude* read 3
   claude* read 3 4 9999
   claude* read 9999
   claude* inbox --mark-read --limit 1
   codex* message --sent --status
   claude* read --all
   claude* read --all
   claude* inbox
   codex* read 3
   desk* inbox
   desk* inbox --as operator
   desk* read --all --as operator
   desk* inbox --session {claude}
   claude PARLEY_SESSION={codex} inbox
   codex* status --unread --no-log
   codex* cxq --bus-unread
   codex* orient
   claude $ sh -c "parley inbox </dev/null"
   claude $ sh -c "parley inbox --json >/dev/full"
   = kill codex
   desk status --no-log
   claude* inbox --channel session_lifecycle`,
);

const waiting = story(
  "waiting",
  `claude register
   codex register
   codex& inbox --wait 20s --json --channel coordination
   = sleep 700
   claude message {codex} "wake up"
   = join
   claude* inbox --wait 300ms
   claude* message {codex} "are you there?" --wait delivered --timeout 300ms
   claude* message {codex} "are you there?" --wait read --timeout 300ms
   claude* message {codex} "are you there?" --wait reply --timeout 300ms
   claude& message {codex} "say when" --wait delivered --timeout 20s --json
   = sleep 700
   codex inbox
   = join
   claude& message {codex} "read it" --wait read --timeout 20s
   = sleep 700
   codex read --all
   = join
   claude& message {codex} "may I edit paths.py?" --wait reply --timeout 20s --json
   = sleep 700
   codex inbox --json
   codex message {claude} "yes you may" --reply-to {id}
   = join
   claude& inbox --wait 20s
   = sleep 700
   desk message {claude} "from the human" --as operator
   = join
   claude* message nobody-1 hello --wait delivered --timeout 200ms
   claude* message {codex} hello --timeout 5s
   claude PARLEY_WAKE=poll PARLEY_POLL_MS=50 inbox --wait 200ms
   claude PARLEY_POLL_MS=x inbox --wait 200ms
   = SIGSTOP codex
   claude* message {codex} hello --wait read --timeout 200ms
   = SIGCONT codex`,
);

/** More than `PARLEY_LOOP_LIMIT` messages between two, with no human in between. */
const loops = story(
  "loops",
  `claude PARLEY_LOOP_LIMIT=4/10m register
   codex register
   ${Array.from(
     { length: 4 },
     (_, n) => `claude PARLEY_LOOP_LIMIT=4/10m message {codex} "ping ${n}" --priority 3
   codex PARLEY_LOOP_LIMIT=4/10m message {claude} "pong ${n}" --priority 3`,
   ).join("\n")}
   claude* PARLEY_LOOP_LIMIT=4/10m message {codex} "once more" --wake
   claude* status --alerts
   claude* conflicts --alerts
   desk* status --no-log
   desk* conflicts --acknowledge --as operator
   claude* conflicts --acknowledge
   desk* conflicts --alerts
   claude PARLEY_LOOP_LIMIT=0 message {codex} "any number"
   claude PARLEY_LOOP_LIMIT=x message {codex} hello
   ${Array.from({ length: 26 }, (_, n) => `codex message {claude} "again ${n}"\nclaude message {codex} "and again ${n}"`).join("\n")}
   claude* status --alerts
   claude* inbox --limit 60`,
);

export const messages: readonly Group[] = [sending, showing, waiting, loops];
