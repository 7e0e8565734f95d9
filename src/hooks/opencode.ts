import type { EventKind, HookVendor, Payload } from "./event";
import { generic } from "./generic";
import { filesOfPatch } from "./patch";
import { common, object, text } from "./payload";

const kinds: Record<string, EventKind> = {
  "session.start": "start",
  "chat.message": "prompt",
  "tool.execute.before": "before-tool",
  "tool.execute.after": "after-tool",
  "permission.asked": "permission",
  "session.beat": "other",
  "session.idle": "stop",
  "session.error": "interrupted",
  "session.deleted": "end",
  dispose: "end",
};

/**
 * OpenCode: what the plugin that setup writes tells of its events, and what that plugin does with the answers. Both are
 * ours; the tools' names and arguments are those of 1.18.33.
 */
export const opencode: HookVendor = {
  name: "opencode",
  read(name, payload) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind) return null;
    const agent_home = text(payload["agent_home"]);
    return { ...common(name, payload), files: editedFiles(payload), agent_home, kind };
  },
  write: generic.write,
};

function editedFiles(payload: Payload): string[] {
  const input = object(payload["tool_input"]);
  switch (payload["tool_name"]) {
    case "edit":
    case "write":
    case "multiedit":
      return [text(input["filePath"])].filter((path) => path !== null);
    case "patch":
    case "apply_patch": {
      const patch = input["patchText"];
      return typeof patch === "string" ? filesOfPatch(patch) : [];
    }
    default:
      return [];
  }
}
