/** Earlier generations. */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { livenessAt } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";
import { openSqliteStore } from "../../src/store/sqlite/database";

/** The seeds' first generation, as their DDL gives it. */
const v1 = `
  create table session_registry (
    session_id text primary key, llm_vendor text not null, llm_model text, tty text, pid integer, project_id text,
    task_id text, active_files text, heartbeat_at text not null, registered_at text not null default (datetime('now')),
    status text default 'active');
  create table inter_session_messages (
    id integer primary key autoincrement, sender_id text not null, channel text not null, payload text not null,
    created_at text not null default (datetime('now')), ttl_seconds integer default 300,
    foreign key (sender_id) references session_registry(session_id));
  create table file_locks (
    file_path text primary key, session_id text not null, lock_type text default 'advisory',
    locked_at text not null default (datetime('now')),
    foreign key (session_id) references session_registry(session_id));
  create index idx_messages_channel_created on inter_session_messages(channel, created_at);
  create index idx_registry_status on session_registry(status);
  insert into session_registry(session_id, llm_vendor, llm_model, pid, project_id, heartbeat_at, registered_at)
    values ('claude-29583', 'claude', 'opus-4.6', 29583, 'PILOT', '2026-02-11 00:31:37', '2026-02-11 00:30:00');
  insert into inter_session_messages(sender_id, channel, payload) values
    ('claude-29583', 'state', '{"status":"working"}'), ('claude-29583', 'state', '{"status":"done"}');
  insert into file_locks(file_path, session_id, locked_at) values ('/repo/paths.py', 'claude-29583', '2026-02-11 00:31:00');`;

/** A second generation as a peer may have made it: other column order, a column of its own, no deliveries. */
const v2 = `${v1}
  alter table session_registry add column session_uuid text;
  alter table session_registry add column machine_uuid text;
  alter table session_registry add column hostname text;
  alter table session_registry add column cwd text;
  create table session_messages (
    id integer primary key autoincrement, sender_id text not null, recipient_id text, channel text not null,
    message_type text, payload text not null, priority integer default 1, status text default 'pending',
    created_at text not null, ttl_seconds integer, sender_session_uuid text, project_id text, task_id text,
    activity text, reply_to integer, expires_at text, delivered_at text, read_at text, their_own text);
  create table task_claims (task_id text primary key, session_id text not null, claimed_at text not null);
  create table _schema_version (version integer primary key, applied_at text);
  insert into _schema_version values (2, '2026-02-10');
  insert into session_messages(sender_id, recipient_id, channel, payload, created_at, their_own) values
    ('claude-29583', 'codex-41200', 'coordination', '{"message":"hello"}', '2026-02-11 04:15:22', 'kept');
  insert into task_claims values ('H.13.7', 'claude-29583', '2026-02-11 00:31:37');`;

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

function seeded(sql: string): string {
  const directory = mkdtempSync(join(tmpdir(), "parley-adopt-"));
  directories.push(directory);
  const path = join(directory, "messaging.db");
  const db = new Database(path);
  db.run(sql);
  db.close();
  return path;
}

const liveness = (at: string) =>
  livenessAt(
    { state: () => "unknown", uptimeSeconds: () => null, source: "/proc" },
    Date.parse(at),
    defaultSettings,
  );

describe("Adopting a database of the seeds", () => {
  test("the first generation keeps its sessions, messages and locks, and is backed up", async () => {
    const path = seeded(v1);
    const store = await openSqliteStore(path, { mode: "write", settings: defaultSettings });
    const { sessions, stats, locks } = await store.overview(liveness("2026-02-11T00:32:00Z"));
    expect(sessions[0]?.record).toMatchObject({
      session_id: "claude-29583",
      llm_model: "opus-4.6",
      project_id: "PILOT",
      heartbeat_at: "2026-02-11T00:31:37.000Z",
      liveness: "heartbeat",
    });
    expect(stats).toMatchObject({ legacy_messages: 2, v2_messages: 0, active_sessions: 1 });
    expect(stats.database).toMatchObject({ journal_mode: "wal", schema_version: 3 });
    expect(locks[0]).toMatchObject({
      file_path: "/repo/paths.py",
      locked_at: "2026-02-11T00:31:00.000Z",
    });
    await store.close();
    const backup = readdirSync(join(path, "..")).find((name) => name.includes("before-parley"));
    const copy = new Database(join(path, "..", backup ?? ""), { readonly: true });
    expect(copy.query("select count(*) as n from inter_session_messages").get()).toEqual({ n: 2 });
    copy.close();
  });

  test("the second generation keeps its mail, claims and its own columns", async () => {
    const path = seeded(v2);
    const store = await openSqliteStore(path, { mode: "write", settings: defaultSettings });
    const at = Date.now();
    const inbox = await store.openInbox(
      { mailbox: "codex-41200", channel: null, limit: 50, peek: true },
      liveness(new Date(at).toISOString()),
    );
    expect(inbox.messages[0]).toMatchObject({
      payload: { message: "hello" },
      created_at: "2026-02-11T04:15:22.000Z",
      status: "pending",
    });
    const { claims } = await store.overview(liveness("2026-02-11T00:32:00Z"));
    expect(claims[0]).toMatchObject({ task_id: "H.13.7", claim_type: "exclusive" });
    await store.close();
    const db = new Database(path, { readonly: true });
    expect(db.query("select their_own from session_messages").get()).toEqual({ their_own: "kept" });
    expect(db.query("select version from _schema_version order by version").all()).toEqual([
      { version: 2 },
      { version: 3 },
    ]);
    db.close();
  });

  test("it is adopted once", async () => {
    const path = seeded(v1);
    for (let i = 0; i < 3; i++) {
      const store = await openSqliteStore(path, { mode: "write", settings: defaultSettings });
      await store.close();
    }
    expect(
      readdirSync(join(path, "..")).filter((name) => name.includes("before-parley")),
    ).toHaveLength(1);
  });
});
