/** An `Io` in memory, for running the command line inside a test. */
import type { Io, Written } from "../src/cli/io";

export interface MemoryIo extends Io {
  stdout: string;
  /** One `level text` a diagnostic. */
  diagnostics: string[];
  /** As SIGINT and SIGTERM do. */
  interrupt(): void;
  crash(error: unknown): void;
}

export interface MemoryOptions {
  name?: string;
  env?: Record<string, string>;
  stdin?: string;
  terminal?: boolean;
  /** The result of each write; an error is thrown. */
  write?: (text: string) => Written | Error;
}

/** Its streams are strings. */
export function memoryIo(options: MemoryOptions = {}): MemoryIo {
  const stops = new Set<() => void>();
  const crashes: ((error: unknown) => void)[] = [];
  const io: MemoryIo = {
    env: options.env ?? {},
    cwd: "/",
    name: options.name ?? "parley",
    stdout: "",
    diagnostics: [],
    async write(text) {
      const result = options.write?.(text) ?? "written";
      if (result instanceof Error) throw result;
      if (result === "written") io.stdout += text;
      return result;
    },
    async say(level, text) {
      io.diagnostics.push(`${level} ${text}`);
    },
    readStdin: async () => options.stdin ?? "",
    stdin: () => ({ read: async () => null, cancel: async () => {} }),
    stdoutIsTerminal: () => options.terminal ?? false,
    color: () => false,
    width: () => 80,
    onStop: (callback) => {
      stops.add(callback);
      return () => void stops.delete(callback);
    },
    onCrash: (callback) => void crashes.push(callback),
    interrupt: () => {
      for (const callback of stops) callback();
    },
    crash: (error) => {
      for (const callback of crashes) callback(error);
    },
  };
  return io;
}
