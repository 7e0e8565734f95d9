/** Sessions in trouble, what is past its time, timers, and what the doctor finds. */
import { type Group, story } from "../group";

const conversation = "bc3c640c-3d3f-4411-b73b-ef44f6c3f018";

const rescuing = story(
  "rescuing",
  `desk* rescue
   claude CLAUDE_CODE_SESSION_ID=${conversation} register --task-id H.1 --project PILOT
   claude lock a.py "b c.py"
   claude claim T.a
   gemini register
   gemini lock g.py
   codex register --name helper
   claude message {codex} "I am about to die"
   codex message {claude} "I hope not"
   desk* rescue
   desk* rescue --status
   codex* rescue --status --resume
   = SIGSTOP gemini
   codex* rescue --status --hung-after 1ms {gemini}
   codex* rescue --hung-after 1ms {gemini}
   = kill claude
   codex* rescue --status
   codex* rescue --resume --export {work}/rescued
   codex* rescue --resume
   codex* rescue none
   codex* rescue helper --export {work}/named
   codex* rescue --status --force
   codex* rescue --kill
   codex* rescue --export /dev/null/x
   codex@50 rescue --resume
   codex* rescue --hung-after 1ms --force {gemini}
   = SIGCONT gemini
   gemini* unlock --all
   kimi register
   kimi lock k.py
   codex@80 rescue {kimi} --kill < "n\\n"
   codex* rescue {kimi} --kill --yes
   codex* rescue {codex} --kill --yes
   codex* status --lifecycle
   = files work`,
);

const cleaning = story(
  "cleaning",
  `claude PARLEY_TTL=task_broadcast=1ms register
   codex PARLEY_TTL=task_broadcast=1ms register
   desk* cleanup --dry-run
   claude claim H.1 --ttl 1ms
   claude lock mine.txt
   codex lock theirs.txt more.txt
   codex claim H.2
   claude PARLEY_TTL=directed=1ms message {codex} hello
   codex message {claude} hello
   = kill codex
   = sleep 50
   desk* cleanup --dry-run
   desk* cleanup
   desk* cleanup
   desk* PARLEY_KEEP_SESSIONS=1ms cleanup --dry-run
   desk* PARLEY_KEEP_SESSIONS=1ms cleanup
   desk* PARLEY_KEEP_SESSIONS=x cleanup
   claude* cleanup --vacuum
   claude* cleanup --dry-run --vacuum
   claude* status --no-log
   = files home`,
);

/** A `crontab` that keeps its lines in a file, as the real one does. */
const crontab = `#!/bin/sh
file="$HOME/crontab"
case "$1" in
-l) [ -f "$file" ] || { echo "no crontab for you" >&2; exit 1; }; cat "$file" ;;
-r) rm "$file" ;;
-) cat >"$file" ;;
esac
`;

const timers = story(
  "timers",
  `desk* cleanup --cron print
   desk* cleanup --cron=print --every 1h
   desk* cleanup --cron install --every 10m
   desk* cleanup --cron install --every 10m
   desk* cleanup --cron install --every 7s
   desk* cleanup --cron install --every 2d
   = files home
   desk* cleanup --cron install
   desk* cleanup --cron remove
   desk* cleanup --cron remove
   desk* cleanup --cron systemd
   desk* cleanup --cron systemd --every 30m
   desk* cleanup --cron launchd --every 1d
   desk* cleanup --cron install --dry-run
   = files home`,
  (stage) => {
    stage.write("bin/crontab", crontab, 0o755);
    stage.write("home/crontab", "# mine\n0 * * * * backup\n");
  },
);

const doctor = story(
  "doctor",
  `desk* doctor
   desk* doctor --repair
   claude register
   desk* doctor
   desk@60 doctor
   desk FORCE_COLOR=1 doctor
   desk* doctor --repair
   desk setup claude codex gemini kimi opencode
   desk* doctor
   desk $ sh -c "rm -r {home}/.claude/commands; echo '{ broken' >{home}/.codex/hooks.json"
   desk* doctor
   desk off
   desk* doctor
   desk* status --no-log
   desk on
   desk setup claude --policy warn --wake never
   desk* doctor
   desk $ chmod 755 {home}/.local/share/parley
   desk* doctor
   desk PARLEY_WAKE=poll doctor`,
  (stage) => stage.programs("claude", "codex", "gemini", "kimi", "opencode"),
);

export const upkeep: readonly Group[] = [rescuing, cleaning, timers, doctor];
