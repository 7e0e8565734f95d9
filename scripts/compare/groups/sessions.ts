/** Sessions that arrive, work, are seen and leave. */
import { type Group, story } from "../group";
import { play } from "../script";
import { repository } from "../repository";

const arrival = story(
  "arrival",
  `claude* register --verbose
   claude* register --task-id H.13.2
   codex* register --llm codex --model gpt-5 --task-id J.15.6 --project PILOT --name reviewer
   codex register --verbose --heartbeat
   gemini* register --session-id gemini-special --session-uuid 4301b1c2-7f4e-4c0a-9a51-0d8f6c1e2a3b
   gemini* register --session-id other
   kimi register --name reviewer
   kimi* register --name reviewer
   kimi* register --cwd {home} --task-id H.13.2
   opencode register
   aider* register --verbose
   desk* register
   desk* register --llm mytool --pid {opencode.pid}
   desk* register --llm mytool --pid {desk.pid} --heartbeat --verbose
   desk* register --llm ghost --pid 999999
   desk* register --llm silent --session-id silent-1
   = start claude2
   claude2 CLAUDE_CODE_SESSION_ID=bc3c640c-3d3f-4411-b73b-ef44f6c3f018 register --verbose
   claude2 PARLEY_PROJECT=ATLAS register --verbose
   claude2* PARLEY_SESSION={codex} task
   = start host codex
   host CODEX_THREAD_ID=01a1f886-3c5d-7b21-9f10-5f3f9f0f7a11 register --verbose
   desk* --as operator register
   desk status --no-log
   = kill aider
   desk* status --no-log
   claude* unregister
   claude* unregister --reason again
   codex* unregister --reason "handing over to claude"
   codex* task
   codex* register --name reviewer
   desk* --session gemini-special unregister --reason "by hand"
   desk* status --lifecycle
   desk* status --verbose --no-log`,
);

/** Two sessions of one process; a server tells their ids in no certain order. */
const ambiguous: Group = {
  only: "file",
  ...story(
    "ambiguous",
    `claude register
     desk* register --llm mytool --pid {claude.pid}
     claude* task
     claude* unregister
     claude* inbox --session {claude}
     claude* status --no-log`,
  ),
};

const work = story(
  "work",
  `claude register --task-id H.13.2 --project PILOT
   codex register --task-id H.13.2 --project PILOT --name the.reviewer
   codex* register --name "the reviewer"
   claude* task
   claude* task H.13.7
   claude* task "a task with spaces"
   claude* task --clear
   claude* task --clear H.1
   codex task H.13.7
   claude* task H.13.7
   claude* heartbeat
   claude* heartbeat --idle
   claude* heartbeat --interval 10s
   desk* heartbeat
   claude~ heartbeat --watch --interval 30s
   claude~ heartbeat --watch --idle --interval 30s --json
   claude lock src/a.ts src/b.ts --exclusive
   claude claim H.13.7 --ttl 1h
   codex lock docs
   codex message {claude} "may I edit src?" --priority 3
   claude* status
   claude* status --no-log
   claude* status --log
   claude* status --verbose
   claude* status --stats
   claude* status --locks
   claude* status --claims
   claude* status --alerts
   claude* status --unread
   claude* status --lifecycle
   codex* status --alerts --unread --locks --claims --stats --lifecycle
   codex* status --stats --verbose
   desk* status
   claude@40 status --no-log
   claude@72 status --no-log
   claude@200 status --no-log --verbose
   claude@120 NO_COLOR=1 status --no-log
   claude TERM=dumb FORCE_COLOR=1 status --no-log
   claude~ status --watch
   codex~ status --watch --json
   codex~ status --watch --stats --json
   desk* --as operator status --no-log
   desk* --session {claude} status --no-log --unread
   desk* --session nobody status --no-log
   = SIGSTOP codex
   claude* status --no-log --verbose
   = SIGCONT codex
   claude $ sh -c "parley status --no-log | head -3"
   claude $ sh -c "parley status --no-log >/dev/full"
   claude $ sh -c "parley status --no-log --json >/dev/full"
   claude PARLEY_STALE_TIMEOUT=1ms status --no-log
   claude PARLEY_STALE_TIMEOUT=x status --no-log
   claude PARLEY_WAKE=x status --no-log
   claude PARLEY_LOG_DIR={work}/logs status
   = files work`,
);

const projects: Group = {
  name: "projects",
  async play(stage) {
    for (const name of ["orchard", "atlas"]) repository(stage, `work/${name}`);
    stage.write("work/plain/notes.txt", "notes\n");
    await stage.start("claude", "claude", { cwd: `${stage.work}/orchard` });
    await stage.start("codex", "codex", { cwd: `${stage.work}/atlas` });
    await stage.start("gemini", "gemini", { cwd: `${stage.work}/plain` });
    await play(
      stage,
      `claude* project
       claude register
       codex* register --verbose
       gemini* register --verbose
       gemini* project
       gemini PARLEY_PROJECT=X project
       gemini* project --project orchard
       gemini* project --candidates {work}/orchard {work}/atlas {work}/plain
       gemini* project --candidates {work}/orchard {work}/atlas
       gemini* project --candidates {work}/orchard --project PILOT
       gemini* project --candidates {work}/none
       desk* project
       desk* project --project orchard
       claude@50 project
       claude* orient
       codex* message --all "only atlas" --project atlas
       codex* message --all "only orchard" --project orchard
       claude log "in the orchard"
       claude status
       gemini status`,
    );
  },
};

export const sessions: readonly Group[] = [arrival, ambiguous, work, projects];
