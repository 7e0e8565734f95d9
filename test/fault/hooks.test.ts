/** Tests any payload on a hook's stdin: exit 0, one line of JSON or nothing, and nothing on stderr. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as fc from "fast-check";

import { hookVendors } from "../hooks/hook-vendors";
import { binary } from "../support";
import { examples, hostileText, long } from "./input";

const home = realpathSync(mkdtempSync(join(tmpdir(), "parley-payloads-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Keys that vendors use, with values of the right kind and of any other. */
const keys = [
  ...["session_id", "cwd", "hook_event_name", "tool_name", "tool_input", "prompt", "source"],
  ...["reason", "stop_hook_active", "background_tasks", "agent_id", "notification_type", "model"],
  ...["permission_mode", "event", "vendor", "pid", "tool"],
];
const events = [
  ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "SessionEnd"],
  ...["BeforeAgent", "BeforeTool", "AfterTool", "AfterAgent", "Notification", "chat.message"],
  ...["tool.execute.before", "session.idle", "start", "prompt", "before_tool", "stop", "end"],
];
const likelyValue = fc.oneof(
  fc.constantFrom(...events, "Edit", "apply_patch", "Bash", "claude", "/tmp", true, 1, null),
  fc.record({
    command: fc.oneof(
      hostileText,
      fc.constant("apply_patch <<'E'\n*** Begin Patch\n*** Add File: ../x\nE"),
    ),
    file_path: hostileText,
    path: hostileText,
    edits: fc.jsonValue(),
  }),
  hostileText,
  fc.jsonValue(),
);
const payload = fc.oneof(
  fc.dictionary(fc.constantFrom(...keys), likelyValue).map((each) => JSON.stringify(each)),
  fc.jsonValue().map((each) => JSON.stringify(each)),
  hostileText,
);

test.each(Object.keys(hookVendors))(
  "no payload makes the hook of %s fail, speak on stderr or answer anything but JSON",
  async (vendor) => {
    const hook = async (event: string, text: string): Promise<void> => {
      const child = Bun.spawn([binary, "hook", vendor, event], {
        env: { HOME: home, PATH: "/usr/bin:/bin" },
        cwd: home,
        stdin: new TextEncoder().encode(text),
        stdout: "pipe",
        stderr: "pipe",
      });
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      expect([await child.exited, stderr]).toEqual([0, ""]);
      if (stdout !== "") expect(typeof JSON.parse(stdout)).toBe("object");
    };
    const anyEvent = fc.constantFrom(...events);
    await fc.assert(fc.asyncProperty(anyEvent, payload, hook), examples(40));
  },
  long ? 3_600_000 : 120_000,
);
