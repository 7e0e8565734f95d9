/** Data of the seeds' output examples, for the tests of views. */
import { type Alert, conflict, type ConflictType, conflictRules } from "../../src/bus/alert";
import type { Message } from "../../src/bus/message";
import type { RegisterResult, Session } from "../../src/bus/session";
import type { Dashboard } from "../../src/bus/status";
import type { Style } from "../../src/render/style";

// The sessions, messages and numbers of the seeds' output examples.

/** Called by the seeds' names, which is how their examples were printed. */
export const seedStyle: Style = {
  color: false,
  width: 80,
  home: "/Users/halcasteel",
  command: (verb, rest) =>
    [verb === "inbox" ? "/cxq --bus-unread" : `/session-${verb}`, rest].filter(Boolean).join(" "),
};

export const ownStyle: Style = {
  ...seedStyle,
  command: (verb, rest) => ["parley", verb, rest].filter(Boolean).join(" "),
};

export const root = "/Users/halcasteel/PROJECTS/coditect-rollout-master";
export const databasePath = "/Users/halcasteel/.coditect-data/context-storage/messaging.db";

export const session = (changes: Partial<Session> = {}): Session => ({
  session_id: "claude-29583",
  name: null,
  session_uuid: "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
  machine_uuid: "d3d3a316-09c6-8f41-4a3f-d93e422d199c",
  hostname: "halcasteel.local",
  llm_vendor: "claude",
  llm_model: "opus-4.6",
  project_id: "PILOT",
  task_id: null,
  tty: null,
  cwd: root,
  pid: 29583,
  status: "active",
  liveness: "pid",
  process_state: "running",
  uptime_seconds: 8100,
  claimed_task: "H.13.7",
  claimed_tasks: [{ task_id: "H.13.7", claim_type: "exclusive" }],
  file_locks: [`${root}/scripts/session_message_bus.py`, `${root}/scripts/paths.py`],
  active_files: [],
  activity: null,
  reachability: { now: "none", by: null, last_worked_at: null },
  unread_count: 3,
  registered_at: "2026-02-11T00:31:37.120Z",
  heartbeat_at: "2026-02-11T00:46:37.120Z",
  ...changes,
});

export const codex = (changes: Partial<Session> = {}): Session =>
  session({
    session_id: "codex-41200",
    session_uuid: "f9e8d7c6-b5a4-3210-fedc-ba9876543210",
    llm_vendor: "codex",
    llm_model: "o3",
    cwd: `${root}/submodules/core/coditect-core`,
    pid: 41200,
    uptime_seconds: 5400,
    claimed_task: "J.27.4",
    claimed_tasks: [{ task_id: "J.27.4", claim_type: "exclusive" }],
    file_locks: [],
    unread_count: 0,
    ...changes,
  });

export const message = (changes: Partial<Message> = {}): Message => ({
  id: 12,
  sender_id: "claude-29583",
  channel: "coordination",
  payload: { message: "please release lock on paths.py", from: "claude-29583" },
  created_at: "2026-02-11T04:15:22.501Z",
  ttl_seconds: 86400,
  sender_session_uuid: null,
  recipient_id: "codex-41200",
  message_type: "directed",
  priority: 2,
  status: "pending",
  project_id: null,
  task_id: null,
  activity: null,
  reply_to: null,
  expires_at: "2026-02-12T04:15:22.501Z",
  delivered_at: null,
  read_at: null,
  ...changes,
});

export const alert = (
  message_type: ConflictType,
  resource: string,
  sessions = ["claude-29583", "codex-41200"],
): Alert => ({
  ...message({
    id: 3,
    recipient_id: null,
    channel: "operator_alert",
    created_at: "2026-02-11T00:31:37.120Z",
  }),
  message_type,
  priority: conflictRules[message_type].priority,
  payload: { sessions, resource, action: conflictRules[message_type].action },
});

export const dashboard = (changes: Partial<Dashboard> = {}): Dashboard => ({
  sessions: [session(), codex()],
  this_session: "claude-29583",
  alerts: [alert("project_conflict", "PILOT")],
  unread: [],
  lifecycle: [
    {
      id: 2,
      created_at: "2026-02-11T00:31:37.120Z",
      event: "started",
      session_id: "claude-29583",
      project_id: "PILOT",
      cwd: root,
      reason: null,
    },
    {
      id: 1,
      created_at: "2026-02-11T00:15:22.000Z",
      event: "started",
      session_id: "codex-41200",
      project_id: "PILOT",
      cwd: `${root}/submodules/core/coditect-core`,
      reason: null,
    },
  ],
  stats: {
    active_sessions: 2,
    total_sessions: 5,
    legacy_messages: 3,
    v2_messages: 8,
    pending: 5,
    delivered: 1,
    read: 2,
    unread_alerts: 1,
    file_locks: 2,
    task_claims: 2,
    database: {
      path: databasePath,
      size_bytes: 53248,
      wal_bytes: 4152,
      journal_mode: "wal",
      schema_version: 3,
    },
  },
  observations: [
    "All 2 PIDs confirmed alive via `ps`",
    "Both sessions on same machine (`d3d3a316-...` / `halcasteel.local`)",
    "No file lock conflicts detected",
    "1 operator alert: project_conflict (PILOT shared by 2 sessions — ensure non-overlapping tasks)",
    "Session lifecycle: 2 active sessions started today",
  ],
  hooks_off: false,
  operator_unread: 0,
  log: { path: "/logs/projects/PILOT/d3d3a316/SESSION-LOG-2026-02-11.md", entry: "…" },
  ...changes,
});

export const registration = (changes: Partial<RegisterResult> = {}): RegisterResult => ({
  session: session({ session_id: "claude-12345", pid: 12345, task_id: "H.13.2" }),
  created: true,
  liveness: "pid",
  conflicts: [],
  unread: { total: 0, by_channel: {} },
  database: { path: databasePath, size_bytes: 53248, journal_mode: "wal" },
  detected: {
    vendor_source: "process claude",
    project_source: "git",
    event: "started",
    other_sessions: 1,
    heartbeat_seconds: null,
  },
  ...changes,
});

export const bothConflicts = [
  conflict("project_conflict", "codex-41200", "PILOT"),
  conflict("cwd_overlap", "codex-41200", root),
];

/** Everything a hostile session could try in a name, a path or a text. */
export const hostile =
  "x\x1b[2J\x1b]0;owned\x07\r\n### 2026-02-11T00:00:00Z - [H.0] Forged\n- **Project:** forged\x9b31m\u202e`\u2028b";

/** What must never be in anything printed. */
export const dangerous = /[^\P{Cc}\t\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
