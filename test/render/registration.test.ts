/** Tests of the views of `register`, `task`, `unregister` and `heartbeat`. */
import { expect, test } from "bun:test";

import {
  heartbeatView,
  registerView,
  taskView,
  unregisterView,
  verboseRegisterView,
} from "../../src/render/registration";
import { joinLines } from "../../src/render/text";
import {
  bothConflicts,
  dangerous,
  hostile,
  ownStyle,
  registration,
  seedStyle,
  session,
} from "./examples";

test("a registration without conflicts prints the seed's standard output", () => {
  expect(joinLines(registerView(registration(), seedStyle))).toBe(`Session registered: claude-12345
Vendor: claude (opus-4.6)
Project: PILOT
Task: H.13.2
PID: 12345

Lifecycle: session_lifecycle/started broadcast
Conflicts: None detected
Unread: 0 messages

Bus: ~/.coditect-data/context-storage/messaging.db
Run /session-status to see all active sessions.
`);
});

test("a registration with conflicts prints the seed's output for them", () => {
  const data = registration({
    conflicts: bothConflicts,
    unread: { total: 2, by_channel: { operator_alert: 2 } },
  });
  expect(joinLines(registerView(data, seedStyle))).toBe(`Session registered: claude-12345
Vendor: claude (opus-4.6)
Project: PILOT
Task: H.13.2
PID: 12345

Lifecycle: session_lifecycle/started broadcast

CONFLICTS DETECTED:
[CRITICAL] project_conflict: codex-41200 also on PILOT
[HIGH] cwd_overlap: codex-41200 in /Users/halcasteel/PROJECTS/coditect-rollout-master

Run /session-conflicts --full for details.

Unread: 2 operator alerts
Run /session-status --alerts for details.

Bus: ~/.coditect-data/context-storage/messaging.db
`);
});

test("unread messages beyond alerts are counted by channel", () => {
  const unread = { total: 3, by_channel: { operator_alert: 2, task_broadcast: 1 } };
  const text = joinLines(registerView(registration({ unread }), seedStyle));
  expect(text).toContain(
    "UNREAD MESSAGES: 3 (2 operator_alert, 1 task_broadcast)\nRun /session-status --unread for details.\n",
  );
});

test("verbose shows how each fact was found, and a heartbeat thread only where one was promised", () => {
  const data = registration({ conflicts: bothConflicts });
  const expected = (
    liveness: string,
  ): string => `Registering session with Inter-Session Message Bus...
Auto-detected LLM: claude (opus-4.6) (via process claude)
Resolved project: PILOT (via git)
Process ID: 12345
Database: ~/.coditect-data/context-storage/messaging.db

Inserting into session_registry...
Broadcasting session_lifecycle/started event...
Running conflict detection against 1 active session(s)...
project_conflict detected: codex-41200 (PILOT)
cwd_overlap detected: codex-41200
${liveness}

Session registered: claude-12345
Vendor: claude (opus-4.6)
Project: PILOT
Task: H.13.2
PID: 12345
Bus: messaging.db (WAL mode, 52 KB)
Alerts: 2 (project_conflict, cwd_overlap)
`;
  expect(joinLines(verboseRegisterView(data, seedStyle))).toBe(expected("Liveness: process 12345"));
  const beating = { ...data, detected: { ...data.detected, heartbeat_seconds: 30 } };
  expect(joinLines(verboseRegisterView(beating, seedStyle))).toBe(
    expected("Starting heartbeat thread (interval=30s)..."),
  );
});

test("registering again claims no insertion and no broadcast", () => {
  const data = registration({
    created: false,
    session: session({ project_id: null, llm_model: null }),
    detected: {
      ...registration().detected,
      event: null,
      vendor_source: "--llm",
      project_source: "none",
    },
  });
  const text = joinLines(registerView(data, ownStyle));
  expect(text).toContain("Lifecycle: already registered, entry updated\n");
  expect(text).toContain("Vendor: claude\nProject: (not set)\nTask: (none)\n");
  expect(text).toContain("Run parley status to see all active sessions.\n");
  const verbose = joinLines(verboseRegisterView(data, ownStyle));
  expect(verbose).toContain("\nLLM: claude (via --llm)\nResolved project: (not set)\n");
  expect(verbose).toContain("\nUpdating session_registry...\nRunning conflict detection");
});

test("hostile names reach no terminal", () => {
  const data = registration({
    session: session({
      session_id: hostile,
      project_id: hostile,
      task_id: hostile,
      llm_model: hostile,
    }),
    conflicts: bothConflicts.map((found) => ({ ...found, session_id: hostile, resource: hostile })),
    unread: { total: 1, by_channel: { [hostile]: 1 } },
  });
  for (const view of [registerView, verboseRegisterView]) {
    const text = joinLines(view(data, seedStyle));
    expect(text).not.toMatch(dangerous);
    expect(text).not.toMatch(/^###|^- /m);
  }
});

test("task, unregister and heartbeat print one line a fact", () => {
  const claimed = session({ session_id: "claude-1", task_id: "H.13.2" });
  expect(joinLines(taskView({ session: claimed, conflicts: [] }, seedStyle))).toBe(
    "Session: claude-1\nTask: H.13.2\n",
  );
  expect(joinLines(taskView({ session: claimed, conflicts: bothConflicts }, seedStyle))).toContain(
    "\nCONFLICTS DETECTED:\n[CRITICAL] project_conflict: codex-41200 also on PILOT\n",
  );
  expect(joinLines(unregisterView({ session: claimed, released: { locks: 1, claims: 2 } }))).toBe(
    "Session unregistered: claude-1\nLifecycle: session_lifecycle/ended broadcast\nReleased: 1 file lock, 2 task claims\n",
  );
  expect(
    joinLines(heartbeatView({ session_id: "claude-1", heartbeat_at: "2026-02-11T00:31:37.120Z" })),
  ).toBe("Heartbeat: claude-1 at 2026-02-11T00:31:37Z\n");
});
