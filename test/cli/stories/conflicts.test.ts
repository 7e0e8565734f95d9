/** Stories of `conflicts`, `orient` and `cxq`. */
import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";

import { binary, type Run, type Sandbox, sandbox } from "../../support";
import { startSession, type TestSession, texts } from "./agents";

/** Two sessions on one project in one directory, and a file that the first has locked. */
async function colliding(s: Sandbox): Promise<[claude: TestSession, codex: TestSession]> {
  const register = ["--project", "PILOT"];
  const claude = await startSession(s, "claude", { register });
  const codex = await startSession(s, "codex", { register });
  await claude.parley("lock", "paths.py");
  expect((await codex.parley("lock", "paths.py")).exitCode).toBe(3);
  return [claude, codex];
}

interface Found {
  conflicts: { type: string; session_id: string; resource: string }[];
  locks: { file_path: string }[];
  alerts: { id: number; message_type: string; payload: { closed_by?: string } }[];
}

const found = (run: Run): Found => run.json().data;
const types = (run: Run): string[] => found(run).conflicts.map(({ type }) => type);
const sizes = (run: Run): number[] => {
  const { conflicts, locks, alerts } = found(run);
  return [conflicts.length, locks.length, alerts.length];
};

test("each session sees what the other does, and a refused lock names its holder", async () => {
  await using s = sandbox();
  const [claude, codex] = await colliding(s);
  const kimi = await startSession(s, "kimi", { cwd: s.home });
  await kimi.parley("lock", `${s.dir}/paths.py`);
  const file = ["file_conflict", claude.id, `${s.dir}/paths.py`];
  for (const member of [codex, kimi]) {
    const { conflicts } = found(await member.parley("conflicts", "--json"));
    const last = conflicts.at(-1);
    expect([last?.type, last?.session_id, last?.resource]).toEqual(file);
  }
  // A held file conflicts only for the other sessions.
  expect(types(await claude.parley("conflicts", "--json"))).toEqual([
    "project_conflict",
    "cwd_overlap",
  ]);
  expect((await codex.parley("conflicts")).stdout).toContain(
    `[HIGH] file_conflict: ${claude.id} holds ${s.dir}/paths.py\n` +
      "Action: Ask the holder to release the lock, or work on another file\n",
  );
});

test("every combination of flags shows the sections that were asked for, to every caller", async () => {
  await using s = sandbox();
  const [claude, codex] = await colliding(s);
  const expected: [words: string[], mine: number[], strangers: number[]][] = [
    [[], [3, 0, 0], [5, 0, 0]],
    [["paths.py"], [1, 1, 0], [1, 1, 0]],
    [
      ["paths.py/below", "free"],
      [1, 1, 0],
      [1, 1, 0],
    ],
    [["free"], [0, 0, 0], [0, 0, 0]],
    [["--all"], [0, 1, 0], [0, 1, 0]],
    [["--alerts"], [0, 0, 3], [0, 0, 3]],
    [
      ["--all", "--alerts"],
      [0, 1, 3],
      [0, 1, 3],
    ],
    [["--full"], [3, 1, 3], [5, 1, 3]],
    [
      ["--full", "paths.py"],
      [4, 1, 3],
      [6, 1, 3],
    ],
  ];
  for (const [words, mine, strangers] of expected) {
    const query = ["conflicts", ...words, "--json"];
    expect([words, sizes(await codex.parley(...query))]).toEqual([words, mine]);
    expect([words, sizes(await s.parley(query))]).toEqual([words, strangers]);
    expect([words, sizes(await codex.parley(...query, "--as", "operator"))]).toEqual([
      words,
      strangers,
    ]);
  }
  expect(types(await claude.parley("conflicts", "paths.py", "--json"))).toEqual([]);
});

test("conflicts locks and unlocks files too", async () => {
  await using s = sandbox();
  const [claude, codex] = await colliding(s);
  expect((await codex.parley("conflicts", "paths.py", "--lock")).exitCode).toBe(3);
  expect((await claude.parley("conflicts", "paths.py", "--unlock")).exitCode).toBe(0);
  expect((await codex.parley("conflicts", "paths.py", "--lock")).exitCode).toBe(0);
  expect((await claude.parley("conflicts", "paths.py", "--unlock")).exitCode).toBe(3);
  for (const words of [["--lock"], ["--unlock"], ["paths.py", "--lock", "--unlock"]]) {
    expect((await codex.parley("conflicts", ...words)).exitCode).toBe(64);
  }
});

test("an acknowledged alert says by whom, and does not come back by registering again", async () => {
  await using s = sandbox();
  const [claude, codex] = await colliding(s);
  const kimi = await startSession(s, "kimi", { cwd: s.home });
  // Alerts that do not name a session are not among its own.
  expect((await kimi.parley("conflicts", "--acknowledge")).stdout).toBe("Acknowledged: 0 alerts\n");
  const [first] = found(await codex.parley("conflicts", "--alerts", "--json")).alerts;
  const id = `${first?.id}`;
  const one = found(await codex.parley("conflicts", "--acknowledge", id, id, "--json")).alerts;
  expect(one.map(({ payload }) => payload.closed_by)).toEqual([`acknowledged by ${codex.id}`]);
  const again = await codex.parley("conflicts", "--acknowledge", id, "--json");
  expect([again.exitCode, again.json().error.details.message_ids]).toEqual([4, [first?.id]]);
  expect((await codex.parley("conflicts", "--acknowledge", "first")).exitCode).toBe(64);
  const rest = await s.parley(["conflicts", "--acknowledge", "--as", "operator", "--json"]);
  expect(found(rest).alerts).toHaveLength(2);

  for (const member of [claude, codex]) {
    expect((await member.parley("register", "--project", "PILOT")).stdout).toContain("CONFLICTS");
  }
  expect(sizes(await codex.parley("conflicts", "--alerts", "--json"))).toEqual([0, 0, 0]);
  expect((await s.parley(["conflicts", "--acknowledge"])).exitCode).toBe(7);
});

test("an alert ends with its conflict: unlocked, moved, ended", async () => {
  await using s = sandbox();
  const [claude, codex] = await colliding(s);
  const alerts = async (): Promise<string[]> =>
    found(await s.parley(["conflicts", "--alerts", "--json"])).alerts.map(
      ({ message_type }) => message_type,
    );
  await codex.parley("task", "T");
  await claude.parley("claim", "T");
  expect((await alerts()).toSorted()).toEqual([
    "cwd_overlap",
    "file_conflict",
    "project_conflict",
    "task_conflict",
  ]);
  await claude.parley("unlock", "--all");
  expect(await alerts()).not.toContain("file_conflict");
  await codex.parley("task", "U");
  expect(await alerts()).not.toContain("task_conflict");
  await codex.parley("register", "--cwd", s.home);
  expect(await alerts()).toEqual(["project_conflict"]);
  await claude.agent.kill();
  expect(await alerts()).toEqual([]);
});

test("orient shows the other sessions and unread messages, and marks what it printed", async () => {
  await using s = sandbox();
  const [claude, codex] = await colliding(s);
  await claude.parley("message", codex.id, "welcome");
  const first = (await codex.parley("orient", "--json")).json().data;
  expect(first.sessions.map(({ session_id }: { session_id: string }) => session_id)).toEqual([
    claude.id,
    codex.id,
  ]);
  expect(first.alerts).toHaveLength(3);
  expect(first.unread.at(-1).payload.message).toBe("welcome");
  const second = (await codex.parley("orient", "--json")).json().data;
  const states = [...second.alerts, ...second.unread].map(({ status }) => status);
  expect(new Set(states)).toEqual(new Set(["delivered"]));
  // An answer into the null device reached no reader.
  await claude.parley("message", codex.id, "more");
  await codex.shell("parley orient >/dev/null");
  const pending = (await codex.parley("inbox", "--peek", "--json")).json().data.messages[0];
  expect([pending.payload.message, pending.status]).toEqual(["more", "pending"]);
});

test("cxq works when the binary is called by that name", async () => {
  await using s = sandbox();
  const [claude, codex] = await colliding(s);
  await claude.parley("message", codex.id, "hello");
  symlinkSync(binary, `${s.bin}/cxq`);
  const ask = async (query: string) => (await codex.shell(`cxq ${query} --json`)).json().data;
  expect(texts(await codex.shell("cxq --bus-messages --json"))).toContain("hello");
  expect((await ask("--bus-alerts")).alerts).toHaveLength(3);
  expect((await ask("--bus-unread")).unread.length).toBeGreaterThan(0);
  expect((await ask("--bus-lifecycle")).lifecycle).toHaveLength(2);
  expect((await ask("--bus-stats")).stats.file_locks).toBe(1);
  for (const wrong of ["", "--bus-stats --bus-alerts", "--bus-stats --limit 0"])
    expect((await codex.shell(`cxq ${wrong}`)).exitCode).toBe(64);
});

test("without a database reading verbs say so", async () => {
  await using s = sandbox();
  for (const words of [
    ["conflicts"],
    ["conflicts", "a", "--unlock"],
    ["orient"],
    ["cxq", "--bus-stats"],
  ]) {
    const run = await s.parley([...words, "--json"]);
    expect([run.exitCode, run.json().error.code]).toEqual([4, "not_found"]);
  }
});
