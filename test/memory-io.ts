/** An `Io` that remembers. */
import type { Io, Written } from "../src/cli/io";

export interface MemoryIo extends Io {
  stdout: string;
  /** One `level text` a diagnostic. */
  said: string[];
  /** As SIGINT and SIGTERM do. */
  interrupt(): void;
  crash(error: unknown): void;
}

export interface MemoryOptions {
  name?: string;
  env?: Record<string, string>;
  stdin?: string;
  terminal?: boolean;
  /** What becomes of each write; an error is thrown instead. */
  write?: (text: string) => Written | Error;
}

/** The streams as strings, for running the command line inside the test. */
export function memoryIo(options: MemoryOptions = {}): MemoryIo {
  const stops = new Set<() => void>();
  const crashes: ((error: unknown) => void)[] = [];
  const io: MemoryIo = {
    env: options.env ?? {},
    cwd: "/",
    name: options.name ?? "parley",
    stdout: "",
    said: [],
    async write(text) {
      const result = options.write?.(text) ?? "written";
      if (result instanceof Error) throw result;
      if (result === "written") io.stdout += text;
      return result;
    },
    async say(level, text) {
      io.said.push(`${level} ${text}`);
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
