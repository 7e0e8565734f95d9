/** Hooks of any other tool, in parley's own form. */
import { ParleyError } from "../bus/errors";
import type { VendorHooks } from "./event";
import { filesOfCommand, maxFiles } from "./patch";
import { list, maxCommandLength, object, text } from "./payload";

/** Any other tool: payloads and answers in parley's own form (docs/integrate.md). */
export const generic: VendorHooks = {
  name: "generic",
  events: {
    start: "start",
    prompt: "prompt",
    before_tool: "before-tool",
    after_tool: "after-tool",
    permission: "permission",
    waiting: "waiting",
    stop: "stop",
    end: "end",
  },
  read(event, payload) {
    const session_uuid = text(payload["session_id"]);
    const vendor = text(payload["vendor"]);
    const { pid } = payload;
    if (session_uuid === null) throw new ParleyError("invalid", "the payload has no session_id");
    if (vendor === null || !/^[a-z][a-z0-9_]{0,63}$/.test(vendor))
      throw new ParleyError(
        "invalid",
        "the payload has no vendor of lower-case letters, digits, _",
      );
    if (pid !== undefined && !(Number.isSafeInteger(pid) && Number(pid) > 0))
      throw new ParleyError("invalid", "the payload has a pid that is none");
    const tool = object(payload["tool"]);
    const line = tool["command"];
    const command = typeof line === "string" && line.length <= maxCommandLength ? line : null;
    return {
      ...{ ...event, session_uuid, vendor, command },
      pid: pid === undefined ? null : Number(pid),
      cwd: text(payload["cwd"]) ?? ".",
      model: text(payload["model"]),
      files: [
        ...list(tool["paths"])
          .map(text)
          .filter((path) => path !== null)
          .slice(0, maxFiles),
        ...(command === null ? [] : filesOfCommand(command)),
      ],
      continued: payload["continued"] === true,
      subagent: payload["subagent"] === true,
      background: payload["background"] === true,
      fresh: true,
      reason: text(payload["reason"]),
    };
  },
  write: (_event, answer) => ({ [answer.say]: answer.text }),
};
