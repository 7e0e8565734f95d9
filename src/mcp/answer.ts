/** The results of tool calls: answers and errors. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";

import { ParleyError } from "../bus/errors";
import { sanitizeLine } from "../bus/untrusted-text";
import type { ToolAnswer } from "./tool";

export const answered = ({ text, data }: ToolAnswer): CallToolResult => ({
  content: [{ type: "text", text }],
  ...(data && { structuredContent: data }),
});

/** An error as every verb reports it, `{code, message, hint, details}`: as text, and as data for programs. */
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

/** Hints in place of those that name options of the command line. */
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
