/** Warnings and errors on stderr. */

export type Level = "error" | "warn" | "info";

/** Writes one diagnostic to stderr. */
export type Diagnostics = (level: Level, text: string) => Promise<void>;

const prefixes: Record<Level, [color: number, text: string]> = {
  error: [31, "parley:"],
  warn: [33, "parley: warning:"],
  info: [0, ""],
};

/**
 * Diagnostics through consola. It and its `core` are loaded with the first one, and its own reporters are
 * not used: they touch `process.stdout`, and a closed stderr makes them throw.
 */
export function openDiagnostics(color: boolean): Diagnostics {
  const lines: string[] = [];
  const opening = open(color, lines);
  return async (level, text) => {
    try {
      (await opening)[level](text);
      await Bun.write(Bun.stderr, lines.splice(0).join(""));
    } catch {
      // Nobody is listening; there is no other place to say so.
    }
  };
}

async function open(color: boolean, lines: string[]) {
  const [{ createConsola }, { clean }] = await Promise.all([
    import("consola/core"),
    import("../render/text"),
  ]);
  return createConsola({
    // Everything of ours is said once, so that a repetition is news; consola would hold it back.
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
