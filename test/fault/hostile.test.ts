/**
 * Tests rows that a hostile program wrote straight into the database: no verb crashes, sends a control character to a
 * terminal, or ends with an exit code that is not documented.
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as fc from "fast-check";

import { run } from "../../src/cli/run";
import { memoryIo } from "../memory-io";
import { examples, hostileText, problemOf, long } from "./input";

const home = mkdtempSync(join(tmpdir(), "parley-hostile-"));
const template = join(home, "template.db");
const db = join(home, "messaging.db");
const sleeper = Bun.spawn(["sleep", "600"]);
const other = Bun.spawn(["sleep", "600"]);
const session = `claude-${sleeper.pid}`;

afterAll(async () => {
  for (const child of [sleeper, other]) {
    child.kill("SIGKILL");
    await child.exited;
  }
  rmSync(home, { recursive: true, force: true });
});

async function parley(...argv: string[]) {
  const io = memoryIo({ env: { HOME: home, PARLEY_DB: db, PARLEY_LOG_DIR: join(home, "logs") } });
  const exitCode = await run(argv, io);
  return { exitCode, stdout: io.stdout, diagnostics: io.diagnostics.join("\n") };
}

/** Two sessions with mail, an alert, a lock, a claim, and one that ended. */
async function populate(): Promise<void> {
  const lines = [
    [
      "register",
      "--llm",
      "claude",
      "--pid",
      `${sleeper.pid}`,
      "--project",
      "P",
      "--task-id",
      "T.1",
    ],
    ["register", "--llm", "codex", "--pid", `${other.pid}`, "--project", "P", "--task-id", "T.1"],
    ["register", "--llm", "gemini", "--session-id", "gone", "--project", "Q"],
    ["unregister", "--session", "gone"],
    ["lock", "/tmp/a", "--session", session],
    ["lock", "/tmp/b", "--session", `codex-${other.pid}`, "--ttl", "1h"],
    ["claim", "T.1", "--session", session],
    ["message", session, "hello", "--session", `codex-${other.pid}`],
    ["message", `codex-${other.pid}`, "hi", "--session", session],
    ["publish", "state", "one", "--session", session],
    ["message", "operator", "hm", "--session", session],
  ];
  for (const line of lines) {
    const { exitCode, diagnostics } = await parley(...line);
    if (exitCode !== 0) throw new Error(`${line.join(" ")}: ${exitCode} ${diagnostics}`);
  }
  const opened = new Database(db);
  opened.run("pragma wal_checkpoint(truncate)");
  opened.close();
  copyFileSync(db, template);
}

/** Values that another program may bind, or have SQLite cast from bytes. */
const value = fc.oneof(
  hostileText.map((text) => ({ sql: "?", bind: text })),
  fc
    .constantFrom("", "{", "[1,2]", "null", '"text"', '{"message":{}}', '{"message":7,"from":[]}')
    .map((text) => ({ sql: "?", bind: text })),
  fc
    .constantFrom(
      '{"sessions":[1,{}],"resource":"x","action":3}',
      '{"sessions":[{"toString":1}],"resource":{"toString":1},"action":{"toString":1}}',
      '{"sessions":["a"],"resource":"x"}',
      '{"__proto__":{"message":"x"},"constructor":1}',
      `${'{"a":'.repeat(2000)}1${"}".repeat(2000)}`,
      "9999-12-31T23:59:59.999Z",
      "+275760-09-13T00:00:00.001Z",
      "0000-00-00 00:00:00",
      "toString",
      "__proto__",
    )
    .map((text) => ({ sql: "?", bind: text })),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ sql: "?", bind: bytes })),
  fc
    .constantFrom(0, -1, 1.5, 1e300, -9007199254740992, 2147483648)
    .map((number) => ({ sql: "?", bind: number })),
  fc
    .constantFrom(
      "null",
      "cast(x'fffe80' as text)",
      "cast(x'6100620a' as text)",
      "x'00ff1b5b324a'",
      "9e999",
      "-9e999",
      "9223372036854775807",
      "zeroblob(300000)",
      "hex(zeroblob(50000))",
      "cast(x'eda080' as text)",
    )
    .map((sql) => ({ sql, bind: null })),
);

const columns = (): [string, string][] => {
  const opened = new Database(template, { readonly: true });
  const found = opened
    .query<{ t: string; c: string }, []>(
      `select m.name as t, p.name as c from sqlite_master m join pragma_table_info(m.name) p
        where m.type = 'table' and m.name not like 'sqlite_%'`,
    )
    .all()
    .map(({ t, c }): [string, string] => [t, c]);
  opened.close();
  return found;
};

const verbs = [
  ["status", "--no-log"],
  ["status", "--verbose", "--no-log"],
  ["status", "--stats", "--locks", "--claims", "--alerts", "--unread", "--lifecycle", "--verbose"],
  ["inbox", "--peek"],
  ["inbox"],
  ["inbox", "--as", "operator"],
  ["message", "--sent", "--status"],
  ["task"],
  ["poll", "state"],
  ["poll", "state", "--recent"],
  ["feed"],
  ["feed", "--since", "0"],
  ["watch", "--since", "0", "--for", "1ms"],
  ["conflicts", "--all", "--full"],
  ["conflicts", "--alerts"],
  ["conflicts", "--lock"],
  ["orient"],
  ["cxq", "--help"],
  ["rescue", "--status"],
  ["rescue", "--resume"],
  ["project"],
  ["cleanup", "--dry-run"],
  ["log", "--view"],
  ["heartbeat"],
  ["read", "--all"],
  ["message", "--all", "x"],
  ["publish", "state", "x"],
  ["lock", "/tmp/c"],
  ["unlock", "--all"],
  ["claim", "T.9"],
  ["release", "--all"],
  ["register", "--llm", "claude", "--pid", `${sleeper.pid}`],
  ["rescue"],
  ["cleanup"],
  ["unregister"],
];

test(
  "every verb ends well whatever a row contains",
  async () => {
    await populate();
    const cells = columns();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...cells), value), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.shuffledSubarray(verbs, { minLength: 12, maxLength: 12 }),
        async (changes, json, chosen) => {
          for (const suffix of ["-wal", "-shm"]) rmSync(db + suffix, { force: true });
          copyFileSync(template, db);
          const opened = new Database(db);
          for (const [[table, column], { sql, bind }] of changes) {
            try {
              opened
                .query(`update or ignore ${table} set ${column} = ${sql}`)
                .run(...(sql === "?" ? [bind as string] : []));
            } catch (error) {
              // A value that a constraint refuses cannot be in the row.
              if (!/constraint|mismatch/.test((error as Error).message)) throw error;
            }
          }
          opened.close();
          for (const verb of chosen) {
            const argv = [
              ...verb,
              ...(verb.includes("--as") ? [] : ["--session", session]),
              ...(json ? ["--json"] : []),
            ];
            expect([argv, problemOf(await parley(...argv), json)]).toEqual([argv, "well"]);
          }
        },
      ),
      examples(60),
    );
  },
  long ? 3_600_000 : 120_000,
);
