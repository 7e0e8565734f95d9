/** Help, versions, mistakes on the command line, and every verb where nothing is there yet. */
import { type Group, story } from "../group";
import { play } from "../script";

const verbs = [
  ...["register", "unregister", "heartbeat", "task", "status", "message", "send", "inbox", "read"],
  ...["publish", "poll", "watch", "feed", "lock", "unlock", "claim", "release", "conflicts"],
  ...["orient", "cxq", "rescue", "project", "run", "cleanup", "mcp", "migrate", "log", "setup"],
  ...["doctor", "hook", "off", "on"],
];

/** Each with the least that it needs to do something. */
const least: Record<string, string> = {
  message: "message operator hello",
  send: "send operator hello",
  read: "read 1",
  publish: "publish state working",
  poll: "poll state",
  watch: "watch --for 1ms",
  lock: "lock a.txt",
  unlock: "unlock a.txt",
  claim: "claim T.1",
  release: "release T.1",
  run: "run -- true",
  migrate: "migrate --from {work}/none.db --to postgres://127.0.0.1:1/none",
  log: "log something",
  hook: "hook claude",
};

const everywhere = (line: (verb: string) => string): string => verbs.map(line).join("\n");

const help: Group = story(
  "help",
  `desk*
   desk* --help
   desk* -h
   desk* help
   desk* --version
   desk* -v
   desk -v status
   desk@40 --help
   desk FORCE_COLOR=1 --help
   desk FORCE_COLOR=1 NO_COLOR=1 --help
   ${everywhere((verb) => `desk* ${verb} --help`)}
   ${everywhere((verb) => `desk@50 ${verb} -h`)}
   desk --help status
   desk --json --help status
   desk session-status
   desk $ session-status --help
   desk $ session-register --help
   desk $ session-message --help
   desk $ cxq --help`,
);

const mistakes: Group = story(
  "mistakes",
  `desk* statu
   desk* Status
   desk* --bogus
   desk* --db
   desk* --db= status
   desk* --db mysql://localhost/bus status
   desk* --as nobody status
   desk* --session= inbox
   desk* --session nobody inbox
   desk* --json=yes status
   ${everywhere((verb) => `desk* ${verb} --bogus`)}
   ${everywhere((verb) => `desk* ${verb} a b c d e f`)}
   ${everywhere((verb) => `desk* ${verb} ""`)}
   desk* inbox --limit
   desk* inbox --limit 0
   desk* inbox --limit 1001
   desk* inbox --limit=x
   desk* inbox --wait 5
   desk* inbox --wait 5years
   desk* inbox --chanel state
   desk* inbox --peek --mark-read
   desk* message
   desk* message operator
   desk* message operator hello --priority 7
   desk* message operator hello --wait never
   desk* message operator hello --payload '{'
   desk* message operator --payload '[1]'
   desk* message operator hello --channel nowhere
   desk* message operator hello --reply-to x
   desk* publish state
   desk* publish state x --ttl 0s
   desk* publish state x --priority high
   desk* poll
   desk* poll state --since -1
   desk* watch --once --for x
   desk* lock
   desk* lock a.txt --ttl soon
   desk* claim
   desk* read x
   desk* read --all 3
   desk* heartbeat --interval 1
   desk* cxq --bus-stats --bus-unread
   desk* setup vim
   desk* setup claude --user --project
   desk* setup claude --remove --policy off
   desk* setup claude --policy maybe
   desk* setup claude --wake sometimes
   desk* cleanup --cron weekly
   desk* cleanup --every 5m
   desk* log
   desk* log --view --fix x
   desk* log --view --date 2026-13-40
   desk* run
   desk* run --
   desk* run -- no-such-program
   desk* hook
   desk* hook vim
   desk* mcp --interval x
   desk* migrate
   desk* migrate --from a.db
   desk* rescue --hung-after x
   desk* rescue --yes
   desk* project --candidates
   desk* project a b
   desk* register --llm Claude
   desk* register --pid x
   desk* register --pid 0
   desk* register --name ""
   desk* register --session-uuid ""
   desk* register --cwd nowhere
   desk FORCE_COLOR=1 statu
   desk PARLEY_DEBUG=1 statu
   desk@30 message operator hello --priority 7`,
);

/** By a human without a session, first where there is no database, then where there is one. */
const empty: Group = {
  name: "empty",
  async play(stage) {
    const script = everywhere((verb) => `desk* ${least[verb] ?? verb}`);
    await play(stage, script.replace(/^.*\b(?:mcp|heartbeat) *$/gm, ""));
    stage.files();
    await play(stage, `claude register\n${script}\n= kill claude\n${script}`);
  },
};

export const usage: readonly Group[] = [help, mistakes, empty];
