-- The seeds' generations are 1 (v1.0) and 2 (v2); ours begins at 3. Every statement also fits a database that already
-- holds the seeds' tables: columns they lack have been added before this runs.

create table if not exists _schema_version (
  version integer primary key,
  applied_at text
);

create table if not exists session_registry (
  session_id text primary key,
  llm_vendor text not null,
  llm_model text,
  tty text,
  pid integer,
  project_id text,
  task_id text,
  active_files text,
  -- Files that it has edited in any turn, the latest first.
  edited_files text,
  activity text,
  activity_since text,
  heartbeat_at text not null,
  registered_at text not null default (datetime('now')),
  status text default 'active',
  session_uuid text,
  machine_uuid text,
  hostname text,
  cwd text,
  name text,
  liveness text default 'heartbeat',
  boot_id text,
  host_id text,
  pid_namespace text,
  start_ticks text,
  promised_beats integer default 0,
  shared_host integer default 0,
  permission_mode text,
  agent_home text,
  -- When a human last prompted it, and when a message was last shown by its hooks and by waking it.
  prompted_at text,
  hooked_at text,
  woken_at text,
  -- When a doorbell was last rung at it.
  rung_at text,
  ended_at text,
  end_reason text,
  -- Id of the `ended` event: mail with a smaller id was meant for this session, later mail for the next of that id.
  ended_message_id integer
);

create index if not exists idx_registry_status on session_registry(status);
create index if not exists idx_registry_heartbeat on session_registry(heartbeat_at);
-- The live sessions in the order in which they are listed, however long the history.
create index if not exists live_session on session_registry(registered_at, session_id) where status <> 'terminated';
create index if not exists session_by_pid on session_registry(pid) where status <> 'terminated';
create index if not exists session_by_project on session_registry(project_id) where status <> 'terminated';
create index if not exists session_by_cwd on session_registry(cwd) where status <> 'terminated';
create index if not exists session_by_task on session_registry(task_id) where status <> 'terminated';
create index if not exists session_by_tty on session_registry(tty) where status <> 'terminated';
create index if not exists ended_session on session_registry(coalesce(ended_at, heartbeat_at)) where status = 'terminated';
create index if not exists session_by_uuid on session_registry(session_uuid);
create unique index if not exists session_by_name on session_registry(name) where status <> 'terminated' and name is not null;

-- Everything that happens, in the one order of its ids. Without foreign keys: the operator and ended sessions write too.
create table if not exists session_messages (
  id integer primary key autoincrement,
  sender_id text not null,
  channel text not null,
  payload text not null,
  created_at text not null,
  ttl_seconds integer,
  sender_session_uuid text,
  recipient_id text,
  message_type text,
  priority integer default 1,
  status text default 'pending',
  project_id text,
  task_id text,
  activity text,
  reply_to integer,
  expires_at text,
  delivered_at text,
  read_at text
);

create index if not exists message_by_channel on session_messages(channel, id);
create index if not exists message_by_expiry on session_messages(expires_at, status);
-- Directed messages stay a day after they expired; those to nobody in particular are found past them.
create index if not exists undirected_by_expiry on session_messages(expires_at) where recipient_id is null;
create index if not exists message_by_sender on session_messages(sender_id, id) where recipient_id is not null;
create index if not exists message_between on session_messages(sender_id, recipient_id, created_at)
  where recipient_id is not null;
create index if not exists message_by_reply on session_messages(reply_to) where reply_to is not null;
-- One unread alert a type and resource.
create index if not exists unread_alert on session_messages(message_type, activity)
  where channel = 'operator_alert' and status <> 'read';

-- What each mailbox has seen of a message addressed to it, or of an alert that names it.
create table if not exists deliveries (
  message_id integer not null,
  session_id text not null,
  reserved_until text,
  announced_at text,
  delivered_at text,
  read_at text,
  how text,
  -- What the doorbell that was rung for it has come to.
  wake_at text,
  wake_way text,
  wake_outcome text,
  wake_reason text,
  primary key (message_id, session_id)
) without rowid;

create index if not exists unread_delivery on deliveries(session_id, message_id) where read_at is null;

-- Kept for rows of programs that speak the first generation: counted and purged, never written.
create table if not exists inter_session_messages (
  id integer primary key autoincrement,
  sender_id text not null,
  channel text not null,
  payload text not null,
  created_at text not null default (datetime('now')),
  ttl_seconds integer default 300,
  foreign key (sender_id) references session_registry(session_id)
);

create index if not exists idx_messages_channel_created on inter_session_messages(channel, created_at);
create index if not exists idx_messages_ttl on inter_session_messages(created_at, ttl_seconds);

create table if not exists file_locks (
  file_path text primary key,
  session_id text not null,
  lock_type text default 'advisory',
  locked_at text not null default (datetime('now')),
  expires_at text,
  machine_uuid text,
  repository text,
  repository_path text,
  fence integer,
  -- 1: a hook took it for the turn, and frees it with the turn.
  auto integer default 0,
  foreign key (session_id) references session_registry(session_id)
);

create index if not exists lock_by_session on file_locks(session_id);
create index if not exists lock_by_repository on file_locks(repository, repository_path) where repository is not null;

create table if not exists task_claims (
  task_id text primary key,
  session_id text not null,
  claim_type text default 'exclusive',
  project_id text,
  claimed_at text not null,
  expires_at text,
  fence integer
);

create index if not exists claim_by_session on task_claims(session_id);

-- Who waits for locks or a claim, in the order of arrival. The waiting process itself is the evidence that it waits.
create table if not exists waiters (
  id integer primary key autoincrement,
  session_id text not null,
  kind text not null,
  resources text not null,
  pid integer not null,
  boot_id text not null,
  host_id text,
  pid_namespace text not null,
  start_ticks text not null,
  until text not null
);

create index if not exists waiter_by_session on waiters(session_id);
create index if not exists waiter_by_kind on waiters(kind, id);

-- Sessions that have written to each other too often without a human; `one` sorts before `other`. A loop that was closed
-- counts from there on.
create table if not exists message_loops (
  one text not null,
  other text not null,
  closed_at text,
  primary key (one, other)
) without rowid;

create index if not exists loop_by_other on message_loops(other);

-- When a writer removes again what is past its time, whichever process it is. One row.
create table if not exists upkeep (
  id integer primary key check (id = 1),
  purge_at text not null
);

insert or ignore into upkeep(id, purge_at) values (1, '1970-01-01T00:00:00.000Z');

-- Mail that the seeds' generation left unread keeps its recipient. A new database has none.
insert or ignore into deliveries(message_id, session_id, delivered_at, read_at)
  select id, recipient_id, delivered_at, read_at from session_messages where recipient_id is not null;
