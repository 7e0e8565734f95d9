/** Stories of `cleanup` and its timers. */
import { expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join as path } from "node:path";

import { onlyInFile } from "../../server";
import { type Run, type RunOptions, type Sandbox, sandbox } from "../../support";
import { startSession } from "./agents";

const nothing = { messages: 0, sessions: 0, locks: 0, claims: 0, alerts: 0 };

onlyInFile(
  "a clean-up removes what is past its time and what the dead left, for two vendors, and no more",
  async () => {
    await using s = sandbox();
    const env = { PARLEY_TTL: "task_broadcast=1ms" };
    const claude = await startSession(s, "claude", { env });
    const codex = await startSession(s, "codex", { env });
    await claude.parley("claim", "H.1", "--ttl", "1ms");
    await claude.parley("lock", "mine.txt");
    await codex.parley("lock", "theirs.txt", "more.txt");
    await codex.parley("claim", "H.2");
    await claude.parley("message", codex.id, "hello");
    await codex.parley("message", claude.id, "hello");
    await codex.agent.kill();

    const counted = await s.parley(["cleanup", "--dry-run", "--json"]);
    const counts = { ...nothing, messages: 2, locks: 2, claims: 2 };
    expect(counted.json().data).toMatchObject({ removed: counts });
    const dryRun = await s.parley(["cleanup", "--dry-run"]);
    expect(dryRun.stdout).toMatch(
      /^Would remove: 2 messages, 0 alerts, 0 ended sessions, 2 file locks, 2 task claims\nDatabase: \d+ KB\n$/,
    );

    const done = (await s.parley(["cleanup", "--json"])).json().data;
    expect(Object.keys(done).toSorted()).toEqual(["bytes_after", "bytes_before", "removed"]);
    // The end of each claim is itself an event, and is over a millisecond later.
    expect(done.removed).toMatchObject({
      ...nothing,
      messages: expect.any(Number),
      locks: 2,
      claims: 2,
    });
    expect(done.bytes_after).toBeGreaterThan(0);
    expect(done.bytes_after).toBeLessThanOrEqual(done.bytes_before);

    const { locks } = (await s.parley(["status", "--locks", "--json"])).json().data;
    expect(locks.map((lock: { session_id: string }) => lock.session_id)).toEqual([claude.id]);
    expect((await claude.parley("message", "--sent", "--json")).json().data.messages).toHaveLength(
      1,
    );
    const signalFiles = readdirSync(path(s.db, "../bell"));
    expect(signalFiles).toContain(claude.id);
    expect(signalFiles).not.toContain(codex.id);
  },
);

test("a session that waits for a dead session's lock gets it as soon as another cleans up", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex");
  await codex.parley("lock", "shared.txt");
  const waiting = claude.parley("lock", "shared.txt", "--wait", "20s", "--json");
  await codex.agent.kill();
  await s.parley(["cleanup"]);
  expect((await waiting).json().data.locks[0].session_id).toBe(claude.id);
});

test("a full rewrite warns for how long it blocked writers", async () => {
  await using s = sandbox();
  await startSession(s, "claude");
  const run = await s.parley(["cleanup", "--vacuum", "--json"]);
  expect(run.json().warnings).toEqual([
    {
      code: "writers_blocked",
      message: expect.stringMatching(/^nobody else could write for \d+ ms /),
    },
  ]);
});

test("without a registered session there is no database to clean up", async () => {
  await using s = sandbox();
  expect((await s.parley(["cleanup"])).exitCode).toBe(4);
  expect(existsSync(s.db)).toBe(false);
});

/** A crontab program as the story's own user has it, which keeps its table in a file. */
const fake = `#!/bin/sh
case "$1" in
  -l) [ -f "$HOME/table" ] || { echo "no crontab for $USER" >&2; exit 1; }; cat "$HOME/table" ;;
  -r) rm "$HOME/table" ;;
  -) cat > "$HOME/table.new" && mv "$HOME/table.new" "$HOME/table" && echo written >> "$HOME/writes" ;;
  *) exit 64 ;;
esac
`;

function withCrontab(s: Sandbox, script = fake): void {
  const program = path(s.bin, "crontab");
  writeFileSync(program, script);
  chmodSync(program, 0o755);
}
const table = (s: Sandbox): string => readFileSync(path(s.home, "table"), "latin1");
const cron = (s: Sandbox, action: string, ...more: string[]): Promise<Run> =>
  s.parley(["cleanup", "--cron", action, ...more]);

onlyInFile(
  "the crontab gets one line, once, and every other line stays as it is, byte for byte",
  async () => {
    await using s = sandbox();
    withCrontab(s);
    // A remark, a disabled line of ours, Latin-1, trailing blanks, CRLF, and no line break at the end.
    const others =
      "# m h  dom\n#*/5 * * * * parley cleanup # parley cleanup\nMAILTO=\xe9va  \r\n\n0 4 * * * backup %d";
    writeFileSync(path(s.home, "table"), others, "latin1");

    const first = (await cron(s, "install", "--json")).json().data;
    expect(first).toEqual({
      action: "install",
      every_seconds: 300,
      line: expect.stringMatching(
        /^\*\/5 \* \* \* \* \/\S+ cleanup --db \/\S+ >\/dev\/null # parley cleanup$/,
      ),
      files: [],
      changed: true,
    });
    expect(table(s)).toBe(`${others}\n${first.line}\n`);

    expect((await cron(s, "install", "--json")).json().data).toEqual({ ...first, changed: false });
    expect((await cron(s, "install")).stdout).toBe(
      `The crontab holds it already:\n${first.line}\n`,
    );
    expect(readFileSync(path(s.home, "writes"), "utf8")).toBe("written\n");

    const hourly = (await cron(s, "install", "--every", "1h", "--json")).json().data;
    expect(hourly.line).toStartWith("0 * * * * ");
    expect(table(s)).toBe(`${others}\n${hourly.line}\n`);

    expect((await cron(s, "remove")).stdout).toBe("Removed from the crontab.\n");
    expect(table(s)).toBe(`${others}\n`);
    expect((await cron(s, "remove")).stdout).toBe("The crontab holds no line of parley's.\n");
  },
);

test("several lines of parley's become one, in the place of the first", async () => {
  await using s = sandbox();
  withCrontab(s);
  const old = "*/5 * * * * /old/parley cleanup >/dev/null # parley cleanup";
  writeFileSync(path(s.home, "table"), `a\n${old}\nb\n${old}\nc`);
  const { line } = (await cron(s, "install", "--json")).json().data;
  expect(table(s)).toBe(`a\n${line}\nb\nc`);
});

test("a user without a crontab gets one, and has none again afterwards", async () => {
  await using s = sandbox();
  withCrontab(s);
  const { line } = (await cron(s, "install", "--json")).json().data;
  expect(table(s)).toBe(`${line}\n`);
  expect((await cron(s, "remove", "--json")).json().data).toMatchObject({
    line: null,
    every_seconds: null,
    changed: true,
  });
  expect(existsSync(path(s.home, "table"))).toBe(false);
});

test("the line runs as cron runs it, for a database of any name, and is silent unless it fails", async () => {
  await using s = sandbox();
  const odd = path(s.home, `it's 100% "$HOME" & née`);
  mkdirSync(odd);
  const db = path(odd, "bus.db");
  const env = { PARLEY_STALE_TIMEOUT: "1h" };
  await s.parley(["register", "--llm", "claude", "--db", db]);
  expect((await s.parley(["lock", "--db", db, "x", "--ttl", "1ms"])).exitCode).toBe(0);
  const line = (await s.parley(["cleanup", "--cron", "print", "--db", db], { env })).stdout;
  expect(line).toStartWith("*/5 * * * * PARLEY_STALE_TIMEOUT=1h /");

  // cron turns \\% into %, and would end the command at a bare one.
  const command = line.trimEnd().split(" ").slice(5).join(" ");
  expect(command.replaceAll("\\%", "")).not.toContain("%");
  const asCron: RunOptions = { env: { PATH: "/usr/bin:/bin" }, cwd: "/" };
  const agent = await s.startAgent("cron");
  const sh = (text: string): Promise<Run> => agent.run(["/bin/sh", "-c", text], asCron);
  expect(await sh(command.replaceAll("\\%", "%"))).toMatchObject({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
  const { locks } = (await s.parley(["status", "--locks", "--json", "--db", db])).json().data;
  expect(locks).toEqual([]);

  const gone = await sh(command.replaceAll("\\%", "%").replace("bus.db", "other.db"));
  expect(gone.exitCode).toBe(4);
  expect(gone.stderr).toContain("Database not found");
});

test("an interval that a crontab cannot keep is refused, with the nearest that it can", async () => {
  await using s = sandbox();
  for (const [every, nearest] of [
    ["7m", ["6m", "10m"]],
    ["90s", ["1m", "2m"]],
    ["30s", ["1m"]],
    ["45m", ["30m", "1h"]],
    ["36h", ["1d", "7d"]],
    ["30d", ["7d"]],
  ] as const) {
    const run = await cron(s, "print", "--every", every, "--json");
    expect(run.exitCode).toBe(64);
    expect(run.json().error).toMatchObject({ code: "invalid", details: { nearest: [...nearest] } });
  }
});

test("without a crontab program the timer is printed instead, exit 4", async () => {
  await using s = sandbox();
  const env = { PATH: s.bin };
  const run = await s.parley(["cleanup", "--cron", "install", "--json"], { env });
  expect(run.exitCode).toBe(4);
  const { code, hint, details } = run.json().error;
  expect(code).toBe("not_found");
  expect(details.program).toBe("crontab");
  for (const { path: file, text } of details.files) {
    expect(hint).toContain(file);
    expect(hint).toContain(text.trimEnd());
  }
  expect((await s.parley(["cleanup", "--cron", "remove"], { env })).exitCode).toBe(4);
  expect((await s.parley(["cleanup", "--cron", "print"], { env })).exitCode).toBe(0);
});

test("a crontab program that refuses is not_permitted, with its own message", async () => {
  await using s = sandbox();
  withCrontab(s, "#!/bin/sh\necho 'You are not allowed to use this program' >&2\nexit 1\n");
  const run = await cron(s, "install", "--json");
  expect(run.exitCode).toBe(8);
  expect(run.json().error.message).toContain("You are not allowed to use this program");
});

test("a systemd timer and a launchd agent are printed on request, for any whole number of seconds", async () => {
  await using s = sandbox();
  const db = path(s.home, `100% "x" $Y & <z>.db`);
  const units = await cron(s, "systemd", "--every", "90s", "--db", db, "--json");
  const [service, timer] = units.json().data.files;
  expect(service.path).toBe(path(s.home, ".config/systemd/user/parley-cleanup.service"));
  expect(service.text).toContain(
    `"cleanup" "--db" "${s.home}/100%% \\"x\\" $$Y & <z>.db"\nStandardOutput=null\n`,
  );
  expect(timer.text).toContain("OnActiveSec=90s\nOnUnitActiveSec=90s\n");
  const shown = await cron(s, "systemd", "--every", "90s", "--db", db);
  expect(shown.stdout).toBe(`# ${service.path}\n${service.text}\n# ${timer.path}\n${timer.text}`);

  const agent = await cron(s, "launchd", "--every", "90s", "--db", db);
  expect(agent.stdout).toStartWith('<?xml version="1.0"');
  expect(agent.stdout).toContain(`<string>${s.home}/100% "x" $Y &amp; &lt;z&gt;.db</string>`);
  expect(agent.stdout).toContain("<integer>90</integer>");
  expect((await cron(s, "launchd", "--every", "1500ms")).exitCode).toBe(64);
});

test("options that exclude each other are refused before anything is done", async () => {
  await using s = sandbox();
  for (const args of [
    ["--dry-run", "--vacuum"],
    ["--dry-run", "--cron", "print"],
    ["--vacuum", "--cron", "print"],
    ["--every", "5m"],
    ["--cron", "sometimes"],
  ]) {
    expect((await s.parley(["cleanup", ...args])).exitCode).toBe(64);
  }
});
