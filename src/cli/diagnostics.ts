/** Writes warnings and errors to stderr. */
import { openWriter } from "./writer";

export type Level = "error" | "warn" | "info";

/** Writes one diagnostic to stderr. */
export type Diagnostics = (level: Level, text: string) => Promise<void>;

const prefixes: Record<Level, [color: number, text: string]> = {
  error: [31, "parley:"],
  warn: [33, "parley: warning:"],
  info: [0, ""],
};

/**
 * Writes diagnostics through consola, whose `core` is loaded with the first one. Its own reporters are not used: they
 * touch `process.stdout`, and a closed stderr makes them throw.
 */
export function openDiagnostics(color: boolean): Diagnostics {
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
