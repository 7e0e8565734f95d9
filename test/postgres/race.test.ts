/** Locks and claims under contention. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { agents } from "../../src/agents/agents";
import { livenessAt } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";
import { createIdentity } from "../../src/identity/identity";
import { openPostgresStore } from "../../src/store/postgres/store";
import { binary } from "../support";
import { freshSchema, onServer, server } from "../server";

const contenders = 16;
const operations = 100;
const arrivals = 16;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function place(): { home: string; url: string; schema: string } {
  const { url, schema, drop } = freshSchema();
  const home = mkdtempSync(join(tmpdir(), "parley-race-"));
  cleanups.push(() => rmSync(home, { recursive: true, force: true }), drop);
  return { home, url, schema };
}

const why = server === null ? ": no server" : "";
describe.skipIf(server === null)(`Processes fighting on PostgreSQL${why}`, () => {
  test("at no moment has anything two holders, though some are killed while holding", async () => {
    const { home, url, schema } = place();
    const program = join(import.meta.dir, "../race/contender.ts");
    const racers = Array.from({ length: contenders }, () =>
      Bun.spawn([process.execPath, program, url, `${operations}`, home], {
        stdout: "pipe",
        stderr: "inherit",
      }),
    );
    cleanups.push(() => racers.forEach((racer) => racer.kill("SIGKILL")));
    const victims = racers.slice(0, 4);
    // Each is killed at its own moment of the race; what it holds then is no matter to what is asserted.
    for (const [index, victim] of victims.entries())
      setTimeout(() => victim.kill("SIGKILL"), 1000 + index * 500);
    for (const racer of racers.slice(victims.length)) {
      expect(await racer.stdout.text()).toBe("done\n");
      expect(await racer.exited).toBe(0);
    }
    for (const victim of victims) await victim.exited;

    const { processes, machine } = identityIn(home);
    const { store } = await openPostgresStore(url, {
      ...{ mode: "write", settings: defaultSettings, machineUuid: () => machine },
    });
    const { locks, claims, sessions } = await store.overview(
      livenessAt(processes, Date.now(), defaultSettings),
    );
    await store.close();
    // Everybody is gone, so everything is free.
    expect({ locks, claims, sessions }).toEqual({ locks: [], claims: [], sessions: [] });

    const trail: { id: string; channel: string; action: string; payload: string }[] =
      await onServer((sql) =>
        sql.unsafe(
          `select id, channel, message_type as action, payload from ${schema}.session_messages
            where channel in ('file_lock', 'task_broadcast') order by id`,
        ),
      );
    const holders = new Map<string, string>();
    const problems: string[] = [];
    for (const { id, channel, action, payload } of trail) {
      const { session_id, file, task_id } = JSON.parse(payload);
      const key = `${channel} ${file ?? task_id}`;
      const holder = holders.get(key);
      if (action === "lock" || action === "claim") {
        if (holder !== undefined) problems.push(`${id}: ${session_id} took ${key} from ${holder}`);
        holders.set(key, session_id);
      } else {
        if (holder !== session_id) problems.push(`${id}: ${session_id} gave ${key} of ${holder}`);
        holders.delete(key);
      }
    }
    expect(problems).toEqual([]);
    expect(holders.size).toBe(0);
    expect(trail.length).toBeGreaterThan(150);
  }, 180_000);

  test("all that arrive at once make the schema once, and of every two one sees the other", async () => {
    const { home, url } = place();
    const processes = Array.from({ length: arrivals }, () => Bun.spawn(["sleep", "600"]));
    cleanups.push(() => processes.forEach((each) => each.kill()));
    const runs = await Promise.all(
      processes.map(async ({ pid }) => {
        const words = ["register", "--llm", "claude", "--pid", `${pid}`, "--project", "RACE"];
        const child = Bun.spawn([binary, ...words, "--json"], {
          cwd: home,
          env: { HOME: home, PATH: "/usr/bin:/bin", PARLEY_DB: url },
          stdout: "pipe",
          stderr: "pipe",
        });
        const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
        return { stdout, stderr, exitCode: await child.exited };
      }),
    );
    for (const run of runs) expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const sessions = runs.map((run) => JSON.parse(run.stdout).data);
    const pairs = sessions.flatMap((each) =>
      each.conflicts
        .filter((conflict: { type: string }) => conflict.type === "project_conflict")
        .map((conflict: { session_id: string }) =>
          [each.session.session_id, conflict.session_id].toSorted().join(),
        ),
    );
    expect(pairs.length).toBe((arrivals * (arrivals - 1)) / 2);
    expect(new Set(pairs).size).toBe(pairs.length);
  }, 120_000);
});

function identityIn(home: string) {
  const identity = createIdentity({ agents, env: {}, dataDirectory: home, cwd: home });
  return { processes: identity.processes, machine: identity.machine().machine_uuid };
}
