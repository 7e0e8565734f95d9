/** What a verb is: `defineCommand`, its answers and its streams. */
import type { ArgsDef, ParsedArgs } from "citty";

import type { Warning } from "../bus/errors";
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

/** An answer in a form that is not ours: it is printed as it stands, with and without `--json`. */
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
  /** Replaces the screen in a terminal. */
  redraw?: boolean;
}

interface Invocation<A extends ArgsDef> {
  args: ParsedArgs<A>;
  /** Positionals beyond the declared ones (`variadic`), or what stood behind `--` (`takesRest`). */
  rest: string[];
  context: Context;
  /**
   * Aborted when a stream is to end (SIGINT, SIGTERM, its reader gone). A stream that waits must wait for
   * this too: an async generator's `return()` takes effect only at its next `yield`.
   */
  signal: AbortSignal;
}

export interface Command<A extends ArgsDef = ArgsDef> {
  meta: { name: string; description: string };
  args: A;
  /** Each runs as it stands, after `parley `; the verb comes first. */
  examples: string[];
  /** A second name of the verb; the table in `commands.ts` has it too, since that is read first. */
  alias?: string;
  /** The last positional may be given more than once: the further ones are `rest`, and all are in `args._`. */
  variadic?: boolean;
  /** What stands behind `--` is no positional but `rest`, and nothing else is. */
  takesRest?: boolean;
  run(invocation: Invocation<A>): Promise<Answer | Stream | Raw>;
}

/** Defines a verb. The shape is citty's, which renders its usage; parsing and the loop are ours (decision 0010). */
export function defineCommand<const A extends ArgsDef>(command: Command<A>): Command {
  // The table of verbs forgets A: a command is only ever run with what was parsed by its own `args`.
  return command as unknown as Command;
}
