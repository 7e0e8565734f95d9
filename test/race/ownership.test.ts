/** Tests locks and claims under contention. */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agents } from "../../src/agents/agents";
import { livenessAt } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";
import { createIdentity } from "../../src/identity/identity";
import { openSqliteStore } from "../../src/store/sqlite/database";
import { binary } from "../support";

const contenders = 32;
const operations = 625;

const directories: string[] = [];
const children: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  for (const directory of directories.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

function createHome(): { home: string; db: string } {
  const home = mkdtempSync(join(tmpdir(), "parley-ownership-"));
  directories.push(home);
  return { home, db: join(home, "messaging.db") };
}

interface Event {
  id: number;
  channel: string;
  action: string;
  resource: string;
  session: string;
}

/** Every change of an owner, in the order of the ids. */
function ownerChanges(path: string): Event[] {
  const db = new Database(path, { readonly: true });
  const events = db
    .query<Event, []>(
      `select id, channel, message_type as action, json_extract(payload, '$.session_id') as session,
          coalesce(json_extract(payload, '$.file'), json_extract(payload, '$.task_id')) as resource
        from session_messages where channel in ('file_lock', 'task_broadcast') order by id`,
    )
    .all();
  expect(db.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  db.close();
  return events;
}

describe("Processes fighting for files and tasks", () => {
  test("at no moment has anything two holders, though some are killed while holding", async () => {
    const { home, db } = createHome();
    const racers = Array.from({ length: contenders }, () =>
      Bun.spawn(
        [process.execPath, join(import.meta.dir, "contender.ts"), db, `${operations}`, home],
        {
          stdout: "pipe",
          stderr: "inherit",
        },
      ),
    );
    children.push(...racers);
    const victims = racers.slice(0, 6);
    // Each is killed at another moment of the race; the assertions hold whatever it holds then.
    for (const [index, victim] of victims.entries())
      setTimeout(() => victim.kill("SIGKILL"), 1500 + index * 700);
    const survivors = racers.filter((racer) => !victims.includes(racer));
    for (const racer of survivors) {
      expect(await new Response(racer.stdout).text()).toBe("done\n");
      expect(await racer.exited).toBe(0);
    }
    for (const victim of victims) await victim.exited;

    const store = await openSqliteStore(db, { mode: "write", settings: defaultSettings });
    const { processes } = createIdentity({ agents, env: {}, dataDirectory: home, cwd: home });
    const { locks, claims, sessions } = await store.overview(
      livenessAt(processes, Date.now(), defaultSettings),
    );
    await store.close();
    // All processes have ended, so all locks and claims are free.
    expect({ locks, claims, sessions }).toEqual({ locks: [], claims: [], sessions: [] });

    const holders = new Map<string, string>();
    const problems: string[] = [];
    const taken: number[] = [];
    for (const { id, channel, action, resource, session } of ownerChanges(db)) {
      const key = `${channel} ${resource}`;
      const holder = holders.get(key);
      if (action === "lock" || action === "claim") {
        if (holder !== undefined) problems.push(`${id}: ${session} took ${key} from ${holder}`);
        holders.set(key, session);
        taken.push(id);
      } else {
        if (holder !== session) problems.push(`${id}: ${session} gave ${key} of ${holder}`);
        holders.delete(key);
      }
    }
    expect(problems).toEqual([]);
    expect(holders.size).toBe(0);
    // The fence of an owner is the id of its event.
    expect(taken.length).toBeGreaterThan(1000);
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
  }, 180_000);
});

describe("Processes waiting for each other", () => {
  interface Run {
    exitCode: number;
    code: string | null;
  }

  async function parley(home: string, args: string[]): Promise<Run> {
    const child = Bun.spawn([binary, ...args, "--json"], {
      cwd: home,
      env: { HOME: home, PATH: "/usr/bin:/bin" },
      stdout: "pipe",
      stderr: "inherit",
    });
    const answer = JSON.parse(await new Response(child.stdout).text());
    return { exitCode: await child.exited, code: answer.error?.code ?? null };
  }

  async function session(
    home: string,
    vendor: string,
  ): Promise<{ id: string; process: Bun.Subprocess }> {
    const process = Bun.spawn(["sleep", "600"]);
    children.push(process);
    await parley(home, ["register", "--llm", vendor, "--pid", `${process.pid}`]);
    return { id: `${vendor}-${process.pid}`, process };
  }

  test("two that lock the same files in opposite order both get them", async () => {
    const { home } = createHome();
    const [a, b] = [await session(home, "claude"), await session(home, "codex")];
    const round = async (id: string, files: string[]): Promise<Run[]> => {
      const runs: Run[] = [];
      for (let n = 0; n < 10; n++) {
        runs.push(await parley(home, ["lock", ...files, "--wait", "60s", "--session", id]));
        runs.push(await parley(home, ["unlock", ...files, "--session", id]));
      }
      return runs;
    };
    const runs = await Promise.all([round(a.id, ["a", "b"]), round(b.id, ["b", "a"])]);
    expect(runs.flat().filter((run) => run.exitCode !== 0)).toEqual([]);
  }, 90_000);

  test("two that each hold what the other waits for both end, with a timeout", async () => {
    const { home } = createHome();
    const [a, b] = [await session(home, "claude"), await session(home, "codex")];
    await parley(home, ["lock", "a", "--session", a.id]);
    await parley(home, ["lock", "b", "--session", b.id]);
    const runs = await Promise.all([
      parley(home, ["lock", "b", "--wait", "400ms", "--session", a.id]),
      parley(home, ["lock", "a", "--wait", "400ms", "--session", b.id]),
    ]);
    expect(runs).toEqual([
      { exitCode: 5, code: "timeout" },
      { exitCode: 5, code: "timeout" },
    ]);
  });

  test("the lock of a killed holder goes to the session that waits", async () => {
    const { home } = createHome();
    const [holder, other] = [await session(home, "claude"), await session(home, "codex")];
    await parley(home, ["lock", "a", "--exclusive", "--session", holder.id]);
    const waiting = parley(home, ["lock", "a", "--wait", "60s", "--session", other.id]);
    holder.process.kill("SIGKILL");
    await holder.process.exited;
    expect(await waiting).toEqual({ exitCode: 0, code: null });
  });
});
