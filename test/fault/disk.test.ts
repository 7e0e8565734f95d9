/** Tests a full disk, also while the database is made. */
import { describe, expect, test } from "bun:test";

import type { Finding } from "../../src/bus/doctor";
import { sandbox } from "../support";

/** Whether the test may create a namespace in which it can mount file systems. */
const canMount =
  process.platform === "linux" &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).exitCode === 0;

interface Outcome {
  verb: string;
  exitCode: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on parts of it
  answer: any;
}

/**
 * Runs lines of shell in a home of 2 MB that only they see. `fill` uses all space, `empty` frees it, and `t VERB…` records
 * the outcome of a verb. Sessions are `one` and `two`, of processes that live as long as the test.
 */
async function story(script: string): Promise<Outcome[]> {
  await using s = sandbox();
  const whole = `
    mount -t tmpfs -o size=2m tmpfs "$HOME" || exit 1
    cd "$HOME"; data="$HOME/.local/share/parley"; mkdir -p "$data"
    sleep 300 & first=$!; sleep 300 & second=$!
    t() { answer=$(parley "$@" --json 2>/dev/null); code=$?
          printf '%s\\t%s\\t%s\\n' "$*" "$code" "$(printf '%s\\n' "$answer" | head -n 1)"; }
    fill() { dd if=/dev/zero of=filler bs=4k 2>/dev/null; dd if=/dev/zero of=rest bs=1 count=8192 2>/dev/null; }
    empty() { rm -f filler rest; }
    ${script}
    kill $first $second`;
  const desk = await s.startAgent("desk");
  const { stdout, stderr, exitCode } = await desk.run(["unshare", "-rm", "sh", "-c", whole]);
  if (exitCode !== 0) throw new Error(stdout + stderr);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [verb = "", code = "", answer = ""] = line.split("\t");
      return { verb, exitCode: Number(code), answer: answer === "" ? null : JSON.parse(answer) };
    });
}

const register = `
  t register --llm claude --session-id one --pid $first
  t register --llm codex --session-id two --pid $second
  export PARLEY_SESSION=one`;

const population = `${register}
  t lock held; t claim T.1; t message one hello --session two; t publish state x`;

/** Shortens the log, so that no write fits into it without new space. */
const shortestLog = `sqlite3 "$data/messaging.db" "pragma wal_checkpoint(truncate)" >/dev/null
  rm -f "$data"/messaging.db-wal "$data"/messaging.db-shm`;

const writing = [
  ...[
    "register --llm claude --session-id one --pid $first",
    "register --llm kimi --session-id new",
  ],
  ...["heartbeat", "task H.9", "task --clear", "message operator x", "message --all y"],
  ...[
    "publish state z",
    "read --all",
    "inbox --mark-read",
    "lock other",
    "unlock held",
    "unlock --all",
  ],
  ...["claim T.2", "release T.1", "release --all", "conflicts other --lock", "cleanup"],
  ...["cleanup --vacuum", "rescue two --force", "unregister"],
];
const reading = [
  ...["status", "status --no-log", "status --stats --locks --claims", "inbox", "inbox --peek"],
  ...["message --sent", "poll state", "feed", "conflicts", "orient", "rescue --status", "project"],
  ...["cleanup --dry-run", "log --view", "task"],
];
const lines = (verbs: string[]): string => verbs.map((verb) => `t ${verb}`).join("\n");

const codes = (outcomes: Outcome[]) =>
  outcomes.map(({ verb, exitCode, answer }) => [verb, exitCode, answer?.error?.code ?? null]);

describe.skipIf(!canMount || Bun.which("sqlite3") === null)(
  "On a full disk (needs a mount namespace and sqlite3)",
  () => {
    test("every writing verb ends with not_permitted, says so and changes nothing", async () => {
      const outcomes = await story(`${population}
        ${shortestLog}
        fill
        ${lines(writing)}
        empty
        t status --locks --claims
        printf 'integrity\\t0\\t"%s"\\n' "$(sqlite3 "$data/messaging.db" "pragma integrity_check")"
        t message operator after
        t inbox --as operator`);
      const refused = outcomes.slice(6, 6 + writing.length);
      expect(codes(refused)).toEqual(refused.map(({ verb }) => [verb, 8, "not_permitted"]));
      for (const { answer } of refused) {
        expect(answer.error.message).toStartWith("No space left for ");
        expect(answer.error.hint).toContain("nothing was changed");
      }
      const [status, integrity, after, inbox] = outcomes.slice(-4);
      expect(status?.answer.data.locks).toMatchObject([{ session_id: "one" }]);
      expect(status?.answer.data.claims).toMatchObject([{ task_id: "T.1", session_id: "one" }]);
      expect(integrity?.answer).toBe("ok");
      expect(after?.exitCode).toBe(0);
      expect(inbox?.answer.data.messages).toMatchObject([{ payload: { message: "after" } }]);
    });

    test("reading verbs answer with a warning", async () => {
      const outcomes = await story(`${population}
        ${shortestLog}
        fill
        ${lines(reading)}
        t watch --since 0 --for 1s
        empty
        t inbox`);
      const answers = outcomes.slice(6, 6 + reading.length);
      expect(codes(answers)).toEqual(answers.map(({ verb }) => [verb, 0, null]));
      for (const { verb, answer } of answers) {
        const warning = answer.warnings?.find(
          (each: { code: string }) => each.code === "read_only",
        );
        expect([verb, warning?.message]).toEqual([
          verb,
          expect.stringContaining("its disk is full"),
        ]);
      }
      const [waiting, inbox] = outcomes.slice(-2);
      // A watch that cannot see new messages refuses to wait for them.
      expect(codes([waiting!])).toEqual([["watch --since 0 --for 1s", 8, "not_permitted"]]);
      // Nothing was marked meanwhile.
      expect(inbox?.answer.data.messages.at(-1)).toMatchObject({ status: "pending" });
    });

    test("no database is made, and the next command with space makes it", async () => {
      const making = [
        "register --llm claude --session-id one --pid $first",
        "publish state x --as operator",
      ];
      const looking = ["status", "inbox --as operator", "feed"];
      const outcomes = await story(`
        fill
        ${lines([...making, ...looking])}
        empty
        ${register}
        printf 'integrity\\t0\\t"%s"\\n' "$(sqlite3 "$data/messaging.db" "pragma integrity_check")"`);
      const refused = outcomes.slice(0, 5);
      expect(codes(refused)).toEqual(refused.map(({ verb }) => [verb, 8, "not_permitted"]));
      expect(outcomes.slice(5).map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      expect(outcomes.at(-1)?.answer).toBe("ok");
    });

    test("doctor says which file systems have hardly any room, once each, and nothing of those that do not tell", async () => {
      const outcomes = await story(`${population}
        t doctor
        fill
        t doctor
        empty
        mkdir large silent
        mount -t tmpfs -o size=80m,nr_inodes=5 tmpfs large
        mount -t ramfs ramfs silent
        export PARLEY_LOG_DIR="$HOME/large/session-logs"
        t doctor
        touch large/1 large/2 large/3 large/4
        t doctor
        export XDG_DATA_HOME="$HOME/silent" PARLEY_LOG_DIR="$HOME/silent/logs"
        t doctor`);
      const remedy = "make room there, or name other places with PARLEY_DB and PARLEY_LOG_DIR";
      const doctorRuns = outcomes.filter(({ verb }) => verb === "doctor");
      const found = doctorRuns.map(({ exitCode, answer }) => [
        exitCode,
        ...answer.data.findings.flatMap((each: Finding) => {
          if (each.check !== "disk") return [];
          expect(each.remedy).toBe(each.status === "ok" ? null : remedy);
          return [`${each.status} ${each.message.replace(/(?<= )\/.*\/home/, "~")}`];
        }),
      ]);
      const database = "~/.local/share/parley/messaging.db";
      const lowSpace = `warning only 1 MiB free at ${database}`;
      expect(found).toEqual([
        [1, lowSpace],
        [1, `error 0 MiB free at ${database}, so hardly anything can be written`],
        [1, lowSpace, "ok there is enough room at ~/large"],
        [1, lowSpace, "error no more files can be made at ~/large"],
        [0],
      ]);
    });

    test("a write that fits into the existing log is done as a whole, or is refused", async () => {
      const outcomes = await story(`${population}
        fill
        ${lines(Array.from({ length: 30 }, (_, n) => `message operator number-${n}`))}
        empty
        t inbox --as operator --limit 100
        printf 'integrity\\t0\\t"%s"\\n' "$(sqlite3 "$data/messaging.db" "pragma integrity_check")"`);
      const sent = outcomes.slice(6, 36);
      expect(sent.filter(({ exitCode }) => exitCode !== 0 && exitCode !== 8)).toEqual([]);
      const done = sent
        .filter(({ exitCode }) => exitCode === 0)
        .map(({ verb }) => verb.split(" ")[2]);
      const [inbox, integrity] = outcomes.slice(-2);
      expect(
        inbox?.answer.data.messages.map(
          (message: { payload: { message: string } }) => message.payload.message,
        ),
      ).toEqual(done);
      expect(integrity?.answer).toBe("ok");
    });
  },
);
