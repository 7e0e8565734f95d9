/** The type of a tool, and `defineTool`. */
import type { Bus } from "../bus/bus";
import type { SessionRecord } from "../bus/session";
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
