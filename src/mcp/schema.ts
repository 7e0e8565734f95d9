/** The schema of a tool: how clients list it, and the check of a call's arguments. */
import type { Tool as ToolDescription } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";

import { ParleyError } from "../bus/errors";
import type { Tool } from "./tool";

/**
 * A tool as clients list it. None is destructive: none takes or deletes what belongs to another session, and there is no
 * `force`. None reaches beyond this machine.
 */
export function describeTool({
  name,
  title,
  description,
  input,
  readOnly,
  idempotent,
}: Tool): ToolDescription {
  const { $schema: _, ...inputSchema } = z.toJSONSchema(input, { io: "input" });
  return {
    name,
    title,
    description,
    inputSchema: inputSchema as ToolDescription["inputSchema"],
    annotations: {
      title,
      readOnlyHint: readOnly,
      destructiveHint: false,
      idempotentHint: idempotent,
      openWorldHint: false,
    },
  };
}

/** Checks the arguments of a call and adds defaults. Throws `invalid`, which names the argument. */
export function inputFor(tool: Tool, given: unknown): Record<string, unknown> {
  const parsed = tool.input.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || tool.name;
  throw new ParleyError("invalid", `${where}: ${issue?.message ?? "not understood"}`, {
    hint: `${tool.name} takes ${Object.keys(tool.input.shape).join(", ") || "no arguments"}`,
    details: { argument: where },
  });
}
