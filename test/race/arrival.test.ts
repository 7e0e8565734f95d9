/** Tests 64 sessions that register and send at once. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { binary } from "../support";

const processes = 64;
const messages = 20;

let directory: string;
let db: string;
/** Long-lived processes, one for each session. */
let agents: Bun.Subprocess[];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "parley-race-"));
  db = join(directory, "deep", "messaging.db");
  agents = Array.from({ length: processes }, () => Bun.spawn(["sleep", "600"]));
});

afterAll(() => {
  for (const agent of agents) agent.kill();
  rmSync(directory, { recursive: true, force: true });
});

interface Run {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function parley(args: string[]): Promise<Run> {
  const child = Bun.spawn([binary, ...args, "--db", db, "--json"], {
    env: { HOME: directory, PATH: "/usr/bin:/bin" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

const id = (index: number): string => `claude-${agents[index]?.pid}`;

/** The exit code of a command that could not get the lock of the database. */
const busy = 6;

describe("Sixty-four sessions arriving at once", () => {
  test("all register on a database that does not exist yet, in WAL mode, with one machine id", async () => {
    const runs = await Promise.all(
      agents.map((agent) =>
        parley([
          "register",
          "--llm",
          "claude",
          "--pid",
          `${agent.pid}`,
          "--project",
          "RACE",
          "--cwd",
          directory,
        ]),
      ),
    );
    for (const run of runs) expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const sessions = runs.map((run) => JSON.parse(run.stdout).data);
    expect(new Set(sessions.map((registered) => registered.session.session_id)).size).toBe(
      processes,
    );
    expect(new Set(sessions.map((registered) => registered.session.machine_uuid)).size).toBe(1);
    // Of every two, exactly one saw the other on arrival: 64 * 63 / 2 pairs.
    const pairs = sessions.flatMap((registered) =>
      registered.conflicts
        .filter((conflict: { type: string }) => conflict.type === "project_conflict")
        .map((conflict: { session_id: string }) =>
          [registered.session.session_id, conflict.session_id].toSorted().join(),
        ),
    );
    expect(pairs.length).toBe((processes * (processes - 1)) / 2);
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  test("every message of each to random others is there exactly once, in order per sender", async () => {
    const failures: Run[] = [];
    await Promise.all(
      agents.map(async (_, sender) => {
        for (let n = 0; n < messages; n++) {
          const other = (sender + 1 + Math.floor(Math.random() * (processes - 1))) % processes;
          const send = (): Promise<Run> =>
            parley(["message", id(other), `${id(sender)} ${n}`, "--session", id(sender)]);
          let run = await send();
          // On a slow machine a command can be busy for all of its ten seconds: it has sent nothing, and is run again.
          while (run.exitCode === busy) run = await send();
          if (run.exitCode !== 0) failures.push(run);
        }
      }),
    );
    expect(failures).toEqual([]);

    const bus = new Database(db, { readonly: true });
    expect(bus.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(bus.query("pragma journal_mode").get()).toEqual({ journal_mode: "wal" });
    const rows = bus
      .query<{ sender_id: string; text: string }, []>(
        `select sender_id, json_extract(payload, '$.message') as text from session_messages
          where recipient_id is not null order by id`,
      )
      .all();
    bus.close();
    expect(rows.length).toBe(processes * messages);
    const bySender = Map.groupBy(rows, (row) => row.sender_id);
    for (const [sender, sent] of bySender) {
      expect(sent.map((row) => row.text)).toEqual(
        Array.from({ length: messages }, (_, n) => `${sender} ${n}`),
      );
    }
  }, 600_000);
});
