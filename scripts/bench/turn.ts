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
};

/** What that vendor gives its hook on stdin: an edit of a file that is its own. */
export function payload(vendor: string, event: string, place: string): string {
  const file = `${vendor}.txt`;
  const tool = {
    claude: { tool_name: "Edit", tool_input: { file_path: join(place, file), old_string: "a" } },
    codex: {
      tool_name: "apply_patch",
      tool_input: { command: `*** Begin Patch\n*** Update File: ${file}\n*** End Patch` },
    },
  }[vendor];
  return JSON.stringify({
    ...{ session_id: `uuid-${vendor}`, cwd: place, hook_event_name: event },
    ...(event.includes("Tool") || event === "PermissionRequest" ? tool : {}),
    ...(event === "Notification" ? { notification_type: "permission_prompt" } : {}),
    ...(event === "Stop" ? { stop_hook_active: false, background_tasks: [] } : {}),
    ...(event === "SessionEnd" ? { reason: "other" } : {}),
  });
}
