/** What a tool is: `defineTool`. */
import type { Bus } from "../bus/bus";
import type { SessionRecord } from "../bus/session";
import * as z from "zod";

import type { Showing } from "./transport";

/** What a tool answers: text for the model, and the same facts for programs where they are few. */
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
  /** Changes nothing but the caller's own sign of life and what it has been shown. */
  readOnly: boolean;
  /** Calling it twice is as good as once. */
  idempotent: boolean;
  run(bus: Bus, session: SessionRecord, input: Record<string, unknown>): Promise<ToolAnswer>;
}

interface Definition<Shape extends z.ZodRawShape> extends Omit<Tool, "input" | "run"> {
  input: Shape;
  run(bus: Bus, session: SessionRecord, input: z.infer<z.ZodObject<Shape>>): Promise<ToolAnswer>;
}

/** Defines a tool. The table forgets its input's type: a tool is only ever run with what its own schema let pass. */
export const defineTool = <Shape extends z.ZodRawShape>({
  input,
  ...rest
}: Definition<Shape>): Tool => ({ ...rest, input: z.strictObject(input) }) as unknown as Tool;
