/** Tests of the views of `status`. */
import { expect, test } from "bun:test";

import { type StatusData, statusView } from "../../src/render/status";
import type { Style } from "../../src/render/style";
import { joinLines } from "../../src/render/text";
import {
  alert,
  codex,
  dangerous,
  dashboard,
  hostile,
  message,
  ownStyle,
  root,
  seedStyle,
  session,
} from "./examples";

const status = (data: StatusData, style: Style, options = {}): string =>
  joinLines(statusView(data, style, { verbose: false, at: null, ...options }));

test("the dashboard prints the seed's standard output", () => {
  expect(status(dashboard(), seedStyle)).toBe(`Cross-LLM Session Dashboard
==================================================
2 active sessions | 2 file locks | 2 task claims | 1 alert | 3 unread
**Session: claude-29583** (THIS SESSION)
- **Session UUID:** \`a1b2c3d4-e5f6-7890-abcd-ef1234567890\`
- **Machine UUID:** \`d3d3a316-09c6-8f41-4a3f-d93e422d199c\`
- **Hostname:** \`halcasteel.local\`
- **Vendor:** claude (opus-4.6)
- **Project:** PILOT
- **CWD:** \`/Users/halcasteel/PROJECTS/coditect-rollout-master\`
- **PID:** 29583 (uptime 2h 15m)
- **Claimed Task:** H.13.7 (exclusive)
- **File Locks:** session_message_bus.py, paths.py
- **Unread Messages:** 3
**Session: codex-41200**
- **Session UUID:** \`f9e8d7c6-b5a4-3210-fedc-ba9876543210\`
- **Machine UUID:** \`d3d3a316-09c6-8f41-4a3f-d93e422d199c\`
- **Hostname:** \`halcasteel.local\`
- **Vendor:** codex (o3)
- **Project:** PILOT
- **CWD:** \`/Users/halcasteel/PROJECTS/coditect-rollout-master/submodules/core/coditect-core\`
- **PID:** 41200 (uptime 1h 30m)
- **Claimed Task:** J.27.4 (exclusive)
- **File Locks:** (none)
- **Unread Messages:** 0
**Operator Alerts (ADR-173):**
- project_conflict (priority 3/critical): claude-29583 + codex-41200 both on PILOT
- Auto-detected on registration — coordinate task boundaries
**Session Lifecycle (ADR-173, last 10):**
- 2026-02-11T00:31:37Z started claude-29583 (PILOT)
- 2026-02-11T00:15:22Z started codex-41200 (PILOT)
**Bus Statistics:**
- Active sessions: 2 / 5 historical
- File locks: 2
- Task claims: 2 (H.13.7, J.27.4)
- Legacy messages: 3
- v2 messages: 8 (5 pending, 1 delivered, 2 read)
- Unread alerts: 1
- Database: \`~/.coditect-data/context-storage/messaging.db\` (52 KB, WAL mode)
**Observations:**
- All 2 PIDs confirmed alive via \`ps\`
- Both sessions on same machine (\`d3d3a316-...\` / \`halcasteel.local\`)
- No file lock conflicts detected
- 1 operator alert: project_conflict (PILOT shared by 2 sessions — ensure non-overlapping tasks)
- Session lifecycle: 2 active sessions started today
==================================================
Session log entry appended: SESSION-LOG-2026-02-11.md
`);
});

test("an empty bus says how to register", () => {
  const empty = dashboard({ sessions: [], alerts: [], lifecycle: [], observations: [], log: null });
  expect(status(empty, seedStyle)).toBe(`Cross-LLM Session Dashboard
==================================================
0 active sessions
No LLM sessions are currently registered.
Run /session-register to register this session.
`);
  expect(status(empty, ownStyle)).toEndWith("Run parley register to register this session.\n");
});

test("messages are shown even without sessions, because all data of an answer is marked delivered", () => {
  const empty = dashboard({ sessions: [], unread: [message()], log: null });
  const text = status(empty, seedStyle);
  expect(text).toContain("\n**Operator Alerts (ADR-173):**\n- project_conflict");
  expect(text).toContain("\n  > please release lock on paths.py\n");
});

test("one of everything is in the singular, and empty sections are not left out", () => {
  const { stats } = dashboard();
  const data = dashboard({
    sessions: [codex()],
    this_session: null,
    alerts: [],
    lifecycle: [],
    stats: { ...stats, active_sessions: 1, file_locks: 1, task_claims: 1, unread_alerts: 0 },
    log: null,
  });
  const text = status(data, seedStyle);
  expect(text).toContain("\n1 active session | 1 file lock | 1 task claim | 0 alerts | 0 unread\n");
  expect(text).toContain("\n**Operator Alerts (ADR-173):**\n- (none)\n");
  expect(text).toContain("\n**Session Lifecycle (ADR-173, last 10):**\n- (none)\n");
  expect(text).not.toContain("THIS SESSION");
  expect(text).not.toContain("Session log entry");
});

test("a session's block shows unset fields, a stopped process and an idle status", () => {
  const bare = session({
    session_uuid: null,
    project_id: null,
    llm_model: null,
    tty: "/dev/pts/3",
    name: "reviewer",
    task_id: "H.13",
    uptime_seconds: null,
    process_state: "stopped",
    status: "idle",
    claimed_task: null,
    claimed_tasks: [],
    file_locks: [],
  });
  const text = status(dashboard({ sessions: [bare] }), seedStyle);
  expect(text).toContain(`- **Session UUID:** (unknown)
- **Machine UUID:** \`d3d3a316-09c6-8f41-4a3f-d93e422d199c\`
- **Hostname:** \`halcasteel.local\`
- **Vendor:** claude
- **Project:** (not set)
- **TTY:** /dev/pts/3
- **CWD:** \`/Users/halcasteel/PROJECTS/coditect-rollout-master\`
- **PID:** 29583 (uptime unknown)
- **Claimed Task:** (none)
- **File Locks:** (none)
- **Unread Messages:** 3
- **Status:** idle, process stopped
- **Name:** reviewer
- **Task:** H.13
`);
});

test("--verbose adds milliseconds, ages and the database's inner state", () => {
  const options = { verbose: true, at: Date.parse("2026-02-11T00:48:40.120Z") };
  const text = status(dashboard(), seedStyle, options);
  expect(text).toContain(`- **Status:** active
- **Task:** (none)
- **Liveness:** process
- **Registered:** 2026-02-11T00:31:37.120Z
- **Heartbeat:** 2026-02-11T00:46:37.120Z (2m 3s ago)
`);
  expect(text).toContain("\n- WAL size: 5 KB\n- Schema version: 3\n");
});

test("unread messages are counted by channel, most urgent first, and then listed whole", () => {
  const unread = [
    message({ id: 7, channel: "state", priority: 3, payload: { message: "stop\nnow" } }),
    message({ id: 8, priority: 1, payload: { message: "hello" } }),
  ];
  const text = status(dashboard({ unread }), seedStyle);
  expect(text).toContain(`- Auto-detected on registration — coordinate task boundaries
**Unread Messages:**
- state: 1 (highest priority 3/critical)
- coordination: 1 (highest priority 1/normal)
- #7 [CRITICAL] from claude-29583 on state — 2026-02-11T04:15:22Z
  > stop
  > now
- #8 [NORMAL] from claude-29583 on coordination — 2026-02-11T04:15:22Z
  > hello
- +1 more
**Session Lifecycle (ADR-173, last 10):**
`);
});

test("an alert that stands in its own section is counted among the unread, but not repeated", () => {
  const again = alert("project_conflict", "PILOT");
  const unseen = { ...alert("cwd_overlap", "/p"), id: 99 };
  const data = dashboard({ alerts: [again], unread: [again, unseen] });
  expect(status(data, seedStyle)).toContain(`**Unread Messages:**
- operator_alert: 2 (highest priority 3/critical)
- #99 [HIGH] from claude-29583 on operator_alert — 2026-02-11T00:31:37Z
  > cwd_overlap: claude-29583 + codex-41200 on /p — One session should work in a subdirectory
- +1 more
`);
});

test("--alerts prints the seed's output", () => {
  const alerts = [alert("project_conflict", "PILOT"), alert("cwd_overlap", root)];
  expect(status({ alerts }, seedStyle)).toBe(`Operator Alerts
==================================================
2 unread alerts
[CRITICAL] project_conflict — 2026-02-11T00:31:37Z
Sessions: claude-29583, codex-41200
Project: PILOT
Action: Coordinate task boundaries to avoid overlap
[HIGH] cwd_overlap — 2026-02-11T00:31:37Z
Sessions: claude-29583, codex-41200
CWD: /Users/halcasteel/PROJECTS/coditect-rollout-master
Action: One session should work in a subdirectory
`);
});

test("alerts of one type stand together, and three sessions are not both", () => {
  const alerts = [
    alert("project_conflict", "A"),
    alert("task_conflict", "T"),
    alert("project_conflict", "B", ["x-1", "x-2", "x-3"]),
  ];
  const text = status(dashboard({ alerts }), seedStyle);
  const order = [...text.matchAll(/^- (\w+_conflict) \(priority 3\/critical\): (.*)$/gm)];
  expect(order.map(([, type, where]) => `${type} ${where}`)).toEqual([
    "project_conflict claude-29583 + codex-41200 both on A",
    "project_conflict x-1 + x-2 + x-3 all on B",
    "task_conflict claude-29583 + codex-41200 both on T",
  ]);
});

test("an alert that another program wrote is shown as far as it goes", () => {
  const foreign = {
    ...alert("cwd_overlap", root),
    payload: { raw: "?" } as never,
    activity: "/elsewhere",
  };
  const text = status({ alerts: [foreign] }, seedStyle);
  expect(text).toContain("\nSessions: claude-29583\nCWD: /elsewhere\nAction: (none)\n");
});

test("--lifecycle prints the seed's output", () => {
  const lifecycle = [
    ...dashboard().lifecycle,
    {
      id: 0,
      created_at: "2026-02-10T23:45:00.000Z",
      event: "ended" as const,
      session_id: "claude-88200",
      project_id: "PILOT",
      cwd: root,
      reason: null,
    },
  ];
  expect(status({ lifecycle }, seedStyle)).toBe(`Session Lifecycle Events (last 20)
==================================================
2026-02-11T00:31:37Z started claude-29583 PILOT /Users/halcasteel/PROJECTS/coditect-rollout-master
2026-02-11T00:15:22Z started codex-41200 PILOT /Users/halcasteel/PROJECTS/coditect-rollout-master/submodules/core/coditect-core
2026-02-10T23:45:00Z ended claude-88200 PILOT (session ended normally)
`);
});

test("--stats prints the seed's output", () => {
  const { stats } = dashboard();
  expect(status({ stats }, seedStyle)).toBe(`Inter-Session Message Bus Statistics
==================================================
Active sessions: 2
Total sessions: 5 (historical)
Legacy messages: 3
v2 messages: 8
v2 pending: 5
Unread alerts: 1
File locks: 2
Task claims: 2
Database size: 52 KB
Database path: ~/.coditect-data/context-storage/messaging.db
Journal mode: WAL
`);
});

test("several views come in the order of the flags' table, one blank line apart", () => {
  const data = {
    lifecycle: [],
    unread: [message()],
    alerts: [],
    claims: [
      {
        task_id: "H.13.7",
        session_id: "claude-29583",
        claim_type: "exclusive",
        project_id: "PILOT",
        claimed_at: "2026-02-11T00:40:00.000Z",
        expires_at: "2026-02-11T01:40:00.000Z",
        fence: 9,
      },
    ],
    locks: [
      {
        file_path: `${root}/paths.py`,
        session_id: "claude-29583",
        lock_type: "advisory" as const,
        locked_at: "2026-02-11T00:41:00.000Z",
        expires_at: null,
        repository: null,
        repository_path: null,
        fence: 10,
      },
    ],
  };
  expect(status(data, seedStyle)).toBe(`File Locks
==================================================
1 file lock
/Users/halcasteel/PROJECTS/coditect-rollout-master/paths.py
Held by: claude-29583 (advisory)
Locked: 2026-02-11T00:41:00Z

Task Claims
==================================================
1 task claim
H.13.7
Claimed by: claude-29583 (exclusive)
Project: PILOT
Claimed: 2026-02-11T00:40:00Z
Expires: 2026-02-11T01:40:00Z

Operator Alerts
==================================================
0 unread alerts

Unread Messages
==================================================
1 unread message
coordination: 1 (highest priority 2/high)

#12 [HIGH] from claude-29583 on coordination — 2026-02-11T04:15:22Z
> please release lock on paths.py

Session Lifecycle Events (last 20)
==================================================
No lifecycle events.
`);
  const none = status({ locks: [], claims: [], unread: [] }, seedStyle);
  for (const line of ["No file locks.", "No task claims.", "No unread messages."]) {
    expect(none).toContain(`\n${line}\n`);
  }
});

test("hostile values reach no terminal and forge no line of the dashboard", () => {
  const lifecycle = dashboard().lifecycle.map((event) => ({
    ...event,
    session_id: hostile,
    project_id: hostile,
    cwd: hostile,
  }));
  const bad = session({
    session_id: hostile,
    session_uuid: hostile,
    hostname: hostile,
    llm_vendor: hostile,
    project_id: hostile,
    cwd: hostile,
    tty: hostile,
    name: hostile,
    task_id: hostile,
    claimed_tasks: [{ task_id: hostile, claim_type: hostile }],
    file_locks: [hostile],
    active_files: [hostile],
  });
  const data = dashboard({
    sessions: [bad],
    alerts: [alert("project_conflict", hostile, [hostile])],
    unread: [message({ sender_id: hostile, channel: hostile, payload: { message: hostile } })],
    lifecycle,
    observations: [hostile],
  });
  for (const view of [data, { alerts: data.alerts, unread: data.unread, lifecycle }]) {
    const text = status(view, seedStyle, { verbose: true });
    expect(text).not.toMatch(dangerous);
    expect(text).not.toMatch(/^###|^- \*\*Project:\*\* forged/m);
  }
});
