/** Databases of earlier message buses, which parley takes over. */

const first = `
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
  insert into file_locks(file_path, session_id, locked_at)
    values ('/repo/paths.py', 'claude-29583', '2026-02-11 00:31:00');`;

const second = `${first}
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

export const generations: Readonly<Record<string, string>> = { first, second };
