/** Tests of the dashboard's observations. */
import { expect, test } from "bun:test";

import { type ObservationFacts, observations } from "../../src/bus/observations";
import { alert, codex, session } from "./examples";

const facts = (changes: Partial<ObservationFacts> = {}): ObservationFacts => ({
  sessions: [session(), codex()],
  this_session: "claude-29583",
  alerts: [alert("project_conflict", "PILOT")],
  started_today: 2,
  processSource: "ps",
  now: Date.parse("2026-02-11T00:56:37.120Z"),
  ...changes,
});

test("two sessions on one machine give the seed's observations and the caller's own context", () => {
  expect(observations(facts())).toEqual([
    "All 2 PIDs confirmed alive via `ps`",
    "Both sessions on same machine (`d3d3a316-...` / `halcasteel.local`)",
    "Current session: claude-29583 (PILOT, task H.13.7)",
    "No file lock conflicts detected",
    "1 operator alert: project_conflict (PILOT shared by 2 sessions — ensure non-overlapping tasks)",
    "Session lifecycle: 2 active sessions started today",
  ]);
});

test("processes that are gone, stopped or out of sight are named", () => {
  const sessions = [
    session(),
    codex({ process_state: "gone" }),
    codex({ session_id: "kimi-7", pid: 7, process_state: "stopped" }),
    codex({ session_id: "gemini-8", pid: 8, process_state: "unknown" }),
  ];
  expect(observations(facts({ sessions, processSource: "/proc" }))[0]).toBe(
    "2 of 4 PIDs confirmed alive via `/proc`; stopped: kimi-7 (PID 7); not running: codex-41200 (PID 41200); " +
      "cannot be judged from here: gemini-8 (PID 8)",
  );
});

test("one session is told in the singular", () => {
  const lines = observations(
    facts({ sessions: [codex()], this_session: null, alerts: [], started_today: 1 }),
  );
  expect(lines).toEqual([
    "1 PID confirmed alive via `ps`",
    "1 session on machine (`d3d3a316-...` / `halcasteel.local`)",
    "Current session: not registered",
    "No file lock conflicts detected",
    "No operator alerts",
    "Session lifecycle: 1 active session started today",
  ]);
});

test("several machines are listed with who is on them, and three sessions are not both", () => {
  const there = codex({ session_id: "kimi-9", machine_uuid: "ffff0000-1", hostname: "other`host" });
  expect(observations(facts({ sessions: [session(), codex(), there] }))[1]).toBe(
    "Sessions on 2 machines: claude-29583, codex-41200 (`d3d3a316-...` / `halcasteel.local`); " +
      "kimi-9 (`ffff0000-...` / `other'host`)",
  );
  expect(observations(facts({ sessions: [session(), session(), codex()] }))[1]).toStartWith(
    "All 3 sessions on same machine (",
  );
});

test("sessions that share a session UUID are siblings", () => {
  const sibling = codex({ session_uuid: session().session_uuid });
  expect(observations(facts({ sessions: [session(), sibling] }))).toContain(
    "claude-29583 + codex-41200 share session UUID `a1b2c3d4-...` (`/continue` siblings)",
  );
});

test("quiet sessions, file conflicts and every alert are told", () => {
  const lines = observations(
    facts({
      sessions: [session({ status: "idle" })],
      alerts: [alert("file_conflict", "/p/paths.py"), alert("cwd_overlap", "/p")],
    }),
  );
  expect(lines).toContain("claude-29583 is idle, no sign for 10 minutes");
  expect(lines).toContain("1 file lock conflict: /p/paths.py");
  expect(lines).toContain(
    "2 operator alerts: file_conflict (/p/paths.py wanted by 2 sessions — ask the holder to release the lock); " +
      "cwd_overlap (/p shared by 2 sessions — move one to a subdirectory)",
  );
});

test("an empty bus has nothing to observe", () => {
  expect(observations(facts({ sessions: [] }))).toEqual([]);
});
