/** Answers and errors as results. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";

import { ParleyError } from "../bus/errors";
import { sanitizeLine } from "../bus/untrusted-text";
import type { ToolAnswer } from "./tool";

export const answered = ({ text, data }: ToolAnswer): CallToolResult => ({
  content: [{ type: "text", text }],
  ...(data && { structuredContent: data }),
});

/** An error in the words of every other verb: `{code, message, hint, details}`, for eyes and for programs. */
export function toolError(thrown: unknown): CallToolResult {
  const { code, message, hint, details } = asParleyError(thrown);
  const advice = hintFor(code, details) ?? hint;
  return {
    isError: true,
    content: [
      {
        type: "text",
        text: `${code}: ${sanitizeLine(message)}${advice === undefined ? "" : `\nhint: ${sanitizeLine(advice)}`}`,
      },
    ],
    structuredContent: {
      error: {
        code,
        message: sanitizeLine(message),
        ...(advice !== undefined && { hint: sanitizeLine(advice) }),
        ...(details !== undefined && { details }),
      },
    },
  };
}

/** Where the command line's advice names options that no tool has. */
function hintFor(code: ParleyError["code"], details: ParleyError["details"]): string | undefined {
  if (code === "conflict" && typeof details?.["holder"] === "string")
    return `ask ${details["holder"]} with bus_send, or do something else first`;
  if (code === "not_registered")
    return "name the session with PARLEY_SESSION in the environment of this server";
  return undefined;
}

const asParleyError = (thrown: unknown): ParleyError =>
  thrown instanceof ParleyError
    ? thrown
    : new ParleyError(
        "internal",
        `parley hit a bug: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        { hint: "try the same with the parley command, which tells more" },
      );
