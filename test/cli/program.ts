/** The command line with verbs that do what a story about streams needs; compiled by `io.test.ts`. */
import { appendFileSync } from "node:fs";

import { type Answer, type Command, defineCommand, type StreamItem } from "../../src/cli/command";
import type { Verbs } from "../../src/cli/commands";
import type { Context } from "../../src/cli/context";
import { createIo } from "../../src/cli/io";
import { run } from "../../src/cli/run";

const mark = (word: string) => appendFileSync(process.env["MARKS"] ?? "/dev/null", `${word}\n`);

const answer = (entry: string): Answer => ({
  data: { path: "/log", entry },
  view: async (style) =>
    (await import("../../src/render/log-entry")).logView({ path: "/log", entry }, style, true),
  afterFlush: async () => mark("flushed"),
});

async function* beats(signal: AbortSignal): AsyncGenerator<StreamItem> {
  mark("started");
  try {
    while (!signal.aborted) {
      yield { line: { type: "beat" }, answer: answer("beat") };
      await Bun.sleep(10);
    }
  } finally {
    mark("cleaned");
  }
}

const acts: Record<string, Command["run"]> = {
  /** As many bytes as the argument says. */
  big: async ({ args }) => answer("x".repeat(Number(args["text"]))),
  echo: async ({ context }) => answer(await context.io.readStdin()),
  beat: async ({ signal }) => ({ stream: beats(signal) }),
  look: async ({ context: { io } }) => {
    const { name } = io;
    return answer(
      JSON.stringify({
        name,
        terminal: io.stdoutIsTerminal(),
        color: io.color(),
        width: io.width(),
      }),
    );
  },
  warn: async () => ({
    ...answer("done"),
    warnings: [{ code: "odd", message: "odd \x1b[2Jname\u0007" }],
  }),
  throw: () => {
    setTimeout(() => {
      throw new Error("thrown from a timer");
    });
    return new Promise(() => {});
  },
  reject: () => {
    void Promise.reject(new Error("rejected by nobody's promise"));
    return new Promise(() => {});
  },
};

const modules: Verbs["modules"] = Object.fromEntries(
  Object.entries(acts).map(([name, act]) => {
    const args = { text: { type: "positional", required: false } } as const;
    const command = defineCommand({ args, examples: [name], run: act });
    return [name, async () => ({ default: command })];
  }),
);

process.exitCode = await run(process.argv.slice(2), createIo(), {
  verbs: { modules, summaries: {}, aliases: {} },
  createContext: ({ io }) =>
    ({ io, warnings: async () => [], [Symbol.asyncDispose]: async () => {} }) as unknown as Context,
});
