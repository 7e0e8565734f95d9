/** Gives access to streams, terminal, environment and signals. */
import { fstatSync, statSync } from "node:fs";

import { ParleyError } from "../bus/errors";
import { openStdin, readStdin, type Stdin } from "./stdin";
import { openWriter } from "./writer";

type Level = "error" | "warn" | "info";

/**
 * Where an answer's bytes went: to a reader (`written`); to the null device, as the caller wished (`discarded`); or to a
 * reader that is gone (`gone`: a broken pipe, a descriptor that cannot be written).
 */
export type Written = "written" | "discarded" | "gone";

/** The streams, terminal, environment and signals of the process, which other modules reach only through this. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The name by which the program was called: `parley`, `session-status`, … */
  readonly name: string;
  /** Writes to stdout; nothing else may. Throws `not_permitted` where the system refuses, for example on a full disk. */
  write(text: string): Promise<Written>;
  /** Writes a diagnostic to stderr, control characters made visible. Never throws. */
  say(level: Level, text: string): Promise<void>;
  /**
   * Reads all of stdin. Throws `invalid` where it exceeds the limit (1 MiB by default), is no text or cannot be read, or
   * where the signal aborts before its end.
   */
  readStdin(limit?: number, signal?: AbortSignal): Promise<string>;
  /** Stdin piece by piece, for a protocol; it is opened once. Throws `invalid` where it cannot be read. */
  stdin(): Stdin;
  stdoutIsTerminal(): boolean;
  /** Colours are wanted on stdout. */
  color(): boolean;
  /** Columns of the terminal; 80 where there is none. */
  width(): number;
  /** Calls back on the first SIGINT or SIGTERM; the second ends the process. Returns a function that unsubscribes. */
  onStop(callback: () => void): () => void;
  /** Calls back for an error that no handler caught. */
  onCrash(callback: (error: unknown) => void): void;
}

export function createIo(): Io {
  let diagnostics: Diagnostics | null = null;
  const writeOut = openWriter(1);
  const { env } = process;
  return {
    env,
    // A getter, since the directory may be gone, and only verbs that need it should fail then.
    get cwd() {
      return process.cwd();
    },
    name: calledBy(process.argv0),
    write: (text) => writeAnswer(text, writeOut),
    say: async (level, text) => {
      diagnostics ??= openDiagnostics(colorOn(2, env));
      await diagnostics(level, text);
    },
    readStdin,
    stdin: openStdin,
    stdoutIsTerminal: () => isTerminal(1),
    color: () => colorOn(1, env),
    width: () => {
      const columns = isTerminal(1) ? new (tty().WriteStream)(1).columns : 0;
      return columns > 0 ? columns : 80;
    },
    onStop: (callback) => {
      process.once("SIGINT", callback).once("SIGTERM", callback);
      return () => void process.off("SIGINT", callback).off("SIGTERM", callback);
    },
    onCrash: (callback) =>
      void process.on("uncaughtException", callback).on("unhandledRejection", callback),
  };
}

/** The last part of `process.argv0`, without `.exe`. `argv[0]` is `bun` in every compiled program. */
export const calledBy = (argv0: string): string =>
  (argv0.split(/[/\\]/).at(-1) ?? "").replace(/\.exe$/i, "");

async function writeAnswer(
  text: string,
  writeOut: (text: string) => Promise<void>,
): Promise<Written> {
  // Writing nothing would truncate a file that stdout was redirected to (seen in Bun 1.4.5).
  if (text === "") return "discarded";
  if (isNullDevice(1)) return "discarded";
  try {
    await writeOut(text);
    return "written";
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EPIPE" || code === "EBADF") return "gone";
    throw new ParleyError("not_permitted", `cannot write the answer: ${message}`, {
      hint: "what the command did is done; only its answer was not written",
      details: { code: code ?? null },
      cause: error,
    });
  }
}

/** Whether colours are wanted on a descriptor. `NO_COLOR` (not empty) outranks `FORCE_COLOR` (not `0`). */
function colorOn(descriptor: number, env: Io["env"]): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return env.TERM !== "dumb" && isTerminal(descriptor);
}

// Loading node:tty costs over a millisecond, touching process.stdout six, so it is loaded only for a possible terminal.
const tty = (): typeof import("node:tty") => require("node:tty");

export const isTerminal = (descriptor: number): boolean =>
  isCharacterDevice(descriptor) && !isNullDevice(descriptor) && tty().isatty(descriptor);

function isCharacterDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Also true of a closed descriptor: Bun opens the null device in place of one it was started without. */
function isNullDevice(descriptor: number): boolean {
  try {
    const own = fstatSync(descriptor);
    return own.isCharacterDevice() && own.rdev === statSync("/dev/null").rdev;
  } catch {
    return false;
  }
}

type Diagnostics = (level: Level, text: string) => Promise<void>;

const prefixes: Record<Level, [color: number, text: string]> = {
  error: [31, "parley:"],
  warn: [33, "parley: warning:"],
  info: [0, ""],
};

/**
 * Writes diagnostics through consola, whose `core` is loaded with the first one. Its own reporters are not used: they
 * touch `process.stdout`, and a closed stderr makes them throw.
 */
function openDiagnostics(color: boolean): Diagnostics {
  const lines: string[] = [];
  const opening = open(color, lines);
  const writeOut = openWriter(2);
  return async (level, text) => {
    try {
      (await opening)[level](text);
      await writeOut(lines.splice(0).join(""));
    } catch {
      // Stderr is closed, and there is no other place for a diagnostic.
    }
  };
}

async function open(color: boolean, lines: string[]) {
  const [{ createConsola }, { clean }] = await Promise.all([
    import("consola/core"),
    import("../render/text"),
  ]);
  return createConsola({
    // By default consola drops repetitions. Here each diagnostic is written once, so that a repetition is a new fact.
    throttle: 0,
    reporters: [
      {
        log: ({ type, args }) => {
          const [code, prefix] = prefixes[type as Level];
          const mark = color && prefix ? `\x1b[${code}m${prefix}\x1b[39m` : prefix;
          lines.push(`${mark ? `${mark} ` : ""}${clean(String(args[0]))}\n`);
        },
      },
    ],
  });
}
