/** Tools: their definition, how clients list them, the check of their arguments, and the results of calls. */
import type { Bus } from "../bus/bus";
import { ParleyError } from "../bus/errors";
import { sanitizeLine } from "../bus/untrusted-text";
import type { SessionRecord } from "../bus/session";
import type { CallToolResult, Tool as ToolDescription } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";

import type { Showing } from "./transport";

/** The answer of a tool: text for the model, and the same facts as data where they are few. */
export interface ToolAnswer {
  text: string;
  data?: Record<string, unknown>;
  showing?: Showing;
}

export interface Tool {
  name: string;
  title: string;
  description: string;
  input: z.ZodObject;
  /** Changes only the caller's heartbeat and which messages it has been shown. */
  readOnly: boolean;
  /** Calling it twice has the same effect as once. */
  idempotent: boolean;
  run(bus: Bus, session: SessionRecord, input: Record<string, unknown>): Promise<ToolAnswer>;
}

interface Definition<Shape extends z.ZodRawShape> extends Omit<Tool, "input" | "run"> {
  input: Shape;
  run(bus: Bus, session: SessionRecord, input: z.infer<z.ZodObject<Shape>>): Promise<ToolAnswer>;
}

/** Defines a tool. The table does not keep its input's type: a tool is run only with input that its own schema has checked. */
export const defineTool = <Shape extends z.ZodRawShape>({
  input,
  ...rest
}: Definition<Shape>): Tool => ({ ...rest, input: z.strictObject(input) }) as unknown as Tool;

/** A tool as listed. None takes or deletes what is another session's (there is no `force`), or reaches beyond this machine. */
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

export const answered = ({ text, data }: ToolAnswer): CallToolResult => ({
  content: [{ type: "text", text }],
  ...(data && { structuredContent: data }),
});

/** An error as every verb reports it, `{code, message, hint, details}`: as text, and as data for programs. */
export function toolError(thrown: unknown): CallToolResult {
  const { code, message, hint, details } = asParleyError(thrown);
  const advice = hintFor(code, details) ?? hint;
  const error = {
    code,
    message: sanitizeLine(message),
    ...(advice !== undefined && { hint: sanitizeLine(advice) }),
    ...(details !== undefined && { details }),
  };
  const text = `${code}: ${error.message}${error.hint === undefined ? "" : `\nhint: ${error.hint}`}`;
  return { isError: true, content: [{ type: "text", text }], structuredContent: { error } };
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
