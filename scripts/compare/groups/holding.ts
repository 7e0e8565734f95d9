/** Locks, claims, who waits for them, and what collides. */
import { type Group, story } from "../group";
import { git, repository } from "../repository";

const locking = story(
  "locking",
  `claude register --task-id H.1
   codex register
   claude* lock src/a.ts
   claude* lock src/a.ts src/b.ts res:port/3000 --ttl 10m
   claude* lock docs --exclusive
   codex* lock src/a.ts
   codex* lock docs/guide.md
   codex* lock docs/guide.md --force
   codex* lock src/a.ts --force
   codex* lock src/c.ts src/b.ts
   codex* lock src
   codex* lock src/b.ts --wait 200ms
   codex* lock ../elsewhere.txt {home}/notes.txt
   codex* lock res:gpu res:
   codex* lock /
   claude* lock "with space.txt" -- sh -c "exit 7"
   claude* lock tmp.txt --ttl 5m --wait 1s -- echo done
   claude* lock tmp.txt -- no-such-program
   codex* lock docs -- echo never
   claude* unlock tmp.txt
   claude* unlock src/b.ts src/none.ts
   codex* unlock docs
   codex* unlock
   claude* status --locks
   claude@50 status --locks
   desk* conflicts --all
   claude lock short.txt --ttl 1ms
   = sleep 30
   codex* lock short.txt
   codex& lock docs/wait.md --wait 20s --json
   = sleep 700
   desk* status --no-log
   claude unlock docs
   = join
   claude& lock docs/wait.md --wait 20s
   gemini& lock docs/wait.md --wait 600ms
   = sleep 700
   = kill codex
   = join
   claude* unlock --all
   claude* unlock --all
   desk* lock a.txt
   desk* lock a.txt --session {claude}`,
);

const claiming = story(
  "claiming",
  `claude register --project PILOT
   codex register --project PILOT --task-id H.13.7
   claude* claim H.13.7
   claude* claim H.13.7 --ttl 1h
   codex* claim H.13.7
   codex* claim H.13.7 --wait 200ms
   codex* claim "a task" --ttl 5m
   codex* task H.13.7
   claude* status --claims
   desk* status --claims --locks
   codex& claim H.13.7 --wait 20s --json
   = sleep 700
   claude* release H.13.7
   = join
   claude* release H.13.7
   claude* release none
   claude* release
   codex claim J.1
   codex* release H.13.7 J.1 none
   codex* release --all
   codex* release --all
   claude claim short --ttl 1ms
   = sleep 30
   codex* claim short
   claude& claim short --wait 20s
   = sleep 700
   = kill codex
   = join
   desk* claim H.1
   claude* status --lifecycle --claims`,
);

const colliding = story(
  "colliding",
  `claude register --project PILOT --task-id H.1
   claude* conflicts
   codex* register --project PILOT --task-id H.1
   gemini* register --project ATLAS --cwd {home}
   claude lock src/paths.py docs --exclusive
   codex lock README.md
   codex claim H.1
   claude* conflicts
   claude* conflicts src/paths.py
   codex* conflicts src/paths.py README.md none.txt
   codex* conflicts docs/deep/file.md
   codex* conflicts --all
   codex* conflicts --full
   gemini* conflicts --full
   codex* conflicts --alerts
   codex* conflicts --lock src/paths.py
   codex* conflicts --lock free.txt
   codex* conflicts --unlock free.txt none.txt
   codex* conflicts --unlock
   codex* conflicts --all --full
   codex@48 conflicts --full
   codex FORCE_COLOR=1 conflicts --full
   claude* task H.1
   claude* orient
   codex* orient
   gemini* orient
   desk* orient
   desk* conflicts
   desk* conflicts --full
   desk* conflicts --alerts
   codex@48 orient
   claude* status --alerts
   claude* status --alerts
   claude* inbox --channel operator_alert
   codex* conflicts --acknowledge 3
   codex* conflicts --acknowledge 9999
   codex* conflicts --acknowledge x
   codex* conflicts --acknowledge
   claude* conflicts --acknowledge
   codex* task --clear
   codex* status --no-log
   codex unregister
   claude* conflicts --full
   claude* status --alerts --lifecycle`,
);

const worktrees: Group = story(
  "held-elsewhere",
  `one register --llm claude
   one* lock a.txt sub
   two register --llm codex
   two* lock a.txt
   two* conflicts a.txt --full
   one* conflicts --full
   two* project
   one* status --no-log --verbose`,
  async (stage) => {
    repository(stage, "work/app");
    git(stage, "work/app", "worktree", "add", "-q", "-b", "other", `${stage.work}/other`);
    await stage.start("one", "claude", { cwd: `${stage.work}/app` });
    await stage.start("two", "codex", { cwd: `${stage.work}/other` });
  },
);

export const holding: readonly Group[] = [locking, claiming, colliding, worktrees];
