/** The contract between the loop and a verb: `defineCommand`, its arguments, answers and streams. */
import type { ArgsDef, ParsedArgs } from "citty";

import type { Bus } from "../bus/bus";
import { ParleyError, type Warning } from "../bus/errors";
import type { Style } from "../render/style";
import type { Context } from "./context";

export type { Context };

/** One answer: the data for `--json`, and the view that shows it to a reader. */
export interface Answer {
  data: object;
  /** The lines for a reader; none: nothing is printed. It loads its renderer when called, so that `--json` loads none. */
  view(style: Style): Promise<string[]>;
  warnings?: Warning[];
  /** Runs only after the answer's bytes reached a real reader (not a closed stream, not /dev/null). */
  afterFlush?: () => Promise<void>;
  /** Runs instead of `afterFlush` where they did not. */
  onDropped?: () => Promise<void>;
  exitCode?: number;
}

/** An endless answer: NDJSON lines with `--json`; the view of each item redrawn or appended otherwise. */
interface Stream {
  stream: AsyncIterable<StreamItem>;
}

/** An answer in another program's format: it is printed as it stands, with and without `--json`. */
export interface Raw {
  /** Empty: nothing is printed. */
  raw: string;
  /** Lines for stderr. */
  say?: readonly string[];
  exitCode?: number;
  /** As in an `Answer`. */
  afterFlush: () => Promise<void>;
  onDropped: () => Promise<void>;
}

export interface StreamItem {
  /** The NDJSON line; `type` says what it is. */
  line: { type: string } & Record<string, unknown>;
  /** What a reader is shown instead. */
  answer: Answer;
  /** In a terminal the item replaces the screen. */
  redraw?: boolean;
}

interface Invocation<A extends ArgsDef> {
  args: ParsedArgs<A>;
  /** Positionals beyond the declared ones (`variadic`), or the words behind `--` (`takesRest`). */
  rest: string[];
  context: Context;
  /**
   * Aborted when a stream is to end (SIGINT, SIGTERM, its reader gone). A stream that waits must wait for
   * this too: an async generator's `return()` takes effect only at its next `yield`.
   */
  signal: AbortSignal;
}

export interface Command<A extends ArgsDef = ArgsDef> {
  args: A;
  /** Command lines without the leading `parley `, each complete. */
  examples: string[];
  /** The last positional may be given more than once: all are in `args._`. */
  variadic?: boolean;
  /** The words behind `--`, and no others, are `rest`. */
  takesRest?: boolean;
  run(invocation: Invocation<A>): Promise<Answer | Stream | Raw>;
}

/** Defines a verb. Its arguments are citty's, which renders the usage; parsing and the loop are ours (decision 0010). */
export function defineCommand<const A extends ArgsDef>(command: Command<A>): Command {
  // The table of verbs drops A: a command is only run with arguments parsed by its own `args`.
  return command as unknown as Command;
}

/** A switch, off unless it is given. */
export const flag = (description: string) => ({ type: "boolean", description }) as const;

/** An option with a value, for which `valueHint` stands in the help. */
export const option = <E extends { default?: string } = {}>(
  valueHint: string,
  description: string,
  extras?: E,
) => ({ type: "string" as const, valueHint, description, ...(extras as E) });

/** A positional argument. */
export const positional = (description: string) =>
  ({ type: "positional", description, required: true }) as const;

/** A positional argument that may be left out. */
export const optional = (description: string) =>
  ({ type: "positional", description, required: false }) as const;

/** The bus for reading; null without a database, where no session has ever registered. */
export async function busIfAny(context: Context): Promise<Bus | null> {
  try {
    return await context.bus("read");
  } catch (error) {
    if (error instanceof ParleyError && error.code === "not_found") return null;
    throw error;
  }
}

/** The error for arguments that do not go together. Without a hint the loop adds one that names the help of the verb. */
export const usageError = (problem: string, hint?: string): ParleyError =>
  new ParleyError("invalid", problem, hint === undefined ? {} : { hint });

export const excluding = (one: string, other: string, hint = "give one of them"): ParleyError =>
  usageError(`${one} and ${other} exclude each other`, hint);
