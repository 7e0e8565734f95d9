/** OpenCode's hooks: the payloads of parley's plugin in it, and the answers that the plugin takes. */
import type { VendorHooks } from "../../hooks/event";
import { generic } from "../../hooks/generic";
import { common, text, type Tools } from "../../hooks/payload";

const tools: Tools = {
  edit: ["filePath", "path"],
  write: ["filePath", "path"],
  multiedit: ["filePath", "path"],
  patch: ["patchText", "patch"],
  apply_patch: ["patchText", "patch"],
};

/** The plugin that setup writes applies the answers, so both forms are parley's own. The tools are those of 1.18.33. */
export const opencode: VendorHooks = {
  name: "opencode",
  events: {
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
  },
  read(event, payload) {
    return { ...common(event, payload, tools), agent_home: text(payload["agent_home"]) };
  },
  write: generic.write,
};
