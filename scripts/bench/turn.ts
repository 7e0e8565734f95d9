/** The hook events of a turn and their payloads, by vendor. */
import { join } from "node:path";

/** The events that setup installs, in the order of a turn. */
export const events: Readonly<Record<string, readonly string[]>> = {
  claude: [
    ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Notification", "Stop"],
    "SessionEnd",
  ],
  codex: [
    ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PostToolUse"],
    ...["Stop", "SessionEnd"],
  ],
  gemini: [
    ...["SessionStart", "BeforeAgent", "BeforeTool", "Notification", "AfterTool", "AfterAgent"],
    "SessionEnd",
  ],
  kimi: [
    ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PostToolUse"],
    ...["Stop", "SessionEnd"],
  ],
};

/** Whether the vendor's model is given messages at this event. */
export const hears = (vendor: string, event: string): boolean =>
  event === "UserPromptSubmit" ||
  event === "BeforeAgent" ||
  event === "AfterTool" ||
  (event === "PostToolUse" && vendor !== "kimi");

/** The payload that the vendor passes to its hook on stdin: an edit of a file that no other session edits. */
export function payload(vendor: string, event: string, directory: string): string {
  const file = `${vendor}.txt`;
  const tool = {
    claude: {
      tool_name: "Edit",
      tool_input: { file_path: join(directory, file), old_string: "a" },
    },
    codex: {
      tool_name: "apply_patch",
      tool_input: { command: `*** Begin Patch\n*** Update File: ${file}\n*** End Patch` },
    },
    gemini: { tool_name: "replace", tool_input: { file_path: join(directory, file) } },
    kimi: { tool_name: "Edit", tool_input: { path: join(directory, file) } },
  }[vendor];
  return JSON.stringify({
    ...{ session_id: `uuid-${vendor}`, cwd: directory, hook_event_name: event },
    ...(event.includes("Tool") || event === "PermissionRequest" ? tool : {}),
    ...(event === "Notification"
      ? { notification_type: vendor === "gemini" ? "ToolPermission" : "permission_prompt" }
      : {}),
    ...(event === "Stop" || event === "AfterAgent"
      ? { stop_hook_active: false, background_tasks: [] }
      : {}),
    ...(event === "SessionEnd" ? { reason: "other" } : {}),
  });
}
