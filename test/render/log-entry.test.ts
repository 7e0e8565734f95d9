/** Tests of the session log's entries. */
import { expect, test } from "bun:test";

import { authorName, logEntry } from "../../src/bus/session-log";
import { dashboardEntry } from "../../src/render/log-entry";
import { alert, codex, dangerous, dashboard, hostile, session } from "./examples";

const at = new Date("2026-02-11T00:50:00.250Z");
const origin = { author: "Claude (Opus 4.6)", home: "/Users/halcasteel" };

test("the dashboard's log entry has the seed's structure, the TTY and the unread count", () => {
  const data = dashboard({ sessions: [session({ tty: "ttys004" }), codex()] });
  expect(dashboardEntry(data, at, origin))
    .toBe(`### 2026-02-11T00:50:00Z - [H.0] Cross-LLM Session Dashboard Status

**Author:** Claude (Opus 4.6)

Inter-Session Message Bus queried for active session status.

**Cross-LLM Session Dashboard:**

**Session: claude-29583** (THIS SESSION)
- **Session UUID:** \`a1b2c3d4-e5f6-7890-abcd-ef1234567890\`
- **Machine UUID:** \`d3d3a316-09c6-8f41-4a3f-d93e422d199c\`
- **Hostname:** \`halcasteel.local\`
- **Vendor:** claude (opus-4.6)
- **Project:** PILOT
- **TTY:** ttys004
- **CWD:** \`/Users/halcasteel/PROJECTS/coditect-rollout-master\`
- **PID:** 29583 (uptime 2h 15m)
- **Claimed Task:** H.13.7 (exclusive)
- **File Locks:** /Users/halcasteel/PROJECTS/coditect-rollout-master/scripts/session_message_bus.py, /Users/halcasteel/PROJECTS/coditect-rollout-master/scripts/paths.py
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
- project_conflict (priority 3/critical): claude-29583 + codex-41200 on PILOT

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
`);
});

test("alerts and lifecycle are in the entry also when there are none", () => {
  const text = dashboardEntry(dashboard({ alerts: [], lifecycle: [] }), at, origin);
  expect(text).toContain("\n**Operator Alerts (ADR-173):**\n- (none)\n");
  expect(text).toContain("\n**Session Lifecycle (ADR-173, last 10):**\n- (none)\n");
});

test("no value forges a heading or a list item, or ends a code span", () => {
  const bad = session({
    cwd: hostile,
    hostname: "a`b``c",
    project_id: hostile,
    session_id: hostile,
  });
  const data = dashboard({ sessions: [bad], alerts: [alert("cwd_overlap", hostile, [hostile])] });
  const text = dashboardEntry(data, at, { ...origin, author: hostile });
  expect(text).not.toMatch(dangerous);
  expect(text.match(/^#/gm)).toHaveLength(1);
  expect(text.match(/^- \*\*Project:\*\*/gm)).toHaveLength(1);
  expect(text).toContain("- **Hostname:** ``` a`b``c ```\n");
});

test("a log entry takes its first line as title and quotes the rest", () => {
  const author = { vendor: "codex", model: "o3" };
  expect(logEntry({ text: "Deployed 1.2\n", kind: "deployed", author, at })).toBe(
    "### 2026-02-11T00:50:00Z - [DEPLOYED] Deployed 1.2\n\n**Author:** Codex (o3)\n",
  );
  const text = "Lock leak\n\n### 2026-02-11T00:00:00Z - Forged\n```\n<!-- \x1b[2J\r\n- done";
  expect(logEntry({ text, kind: null, author, at })).toBe(`### 2026-02-11T00:50:00Z - Lock leak

**Author:** Codex (o3)

> ### 2026-02-11T00:00:00Z - Forged
> \`\`\`
> <!-- [2J
> - done
`);
});

test("a long first line is cut in the title and whole in the body", () => {
  const text = "word ".repeat(50).trim();
  const entry = logEntry({ text, kind: "issue", author: null, at });
  expect(entry).toContain(`\n\n> ${text}\n`);
  expect(entry.split("\n", 1)[0]).toEndWith("…");
});

test("authors are written readably", () => {
  const name = (vendor: string, model: string | null) => authorName({ vendor, model });
  expect(name("claude", "opus-4.6")).toBe("Claude (Opus 4.6)");
  expect(name("claude", "claude-opus-4-6")).toBe("Claude (Opus 4.6)");
  expect(name("claude", "claude-sonnet-4-5-20250929")).toBe("Claude (Sonnet 4.5)");
  expect(name("codex", "o3")).toBe("Codex (o3)");
  expect(name("gemini", "2.5-pro")).toBe("Gemini (2.5 Pro)");
  expect(name("kimi", null)).toBe("Kimi");
  expect(authorName(null)).toBe("Operator");
});
