/** Tests of the loop: answers, errors, streams, help. */
import { describe, expect, test } from "bun:test";

import { ParleyError } from "../../src/bus/errors";
import { type Answer, type Command, defineCommand, type StreamItem } from "../../src/cli/command";
import { type Verbs, verbs } from "../../src/cli/commands";
import type { Context } from "../../src/cli/context";
import { run as runWith } from "../../src/cli/run";
import { type MemoryIo, memoryIo } from "../memory-io";

/** A verb of the given behaviour beside real argument parsing, rendering and writing. */
function verb(act: Command["run"]): Verbs {
  const command = defineCommand({
    args: {
      target: { type: "positional", required: false, description: "Whom" },
      hard: { type: "boolean", description: "With force" },
    },
    examples: ["beat", "beat drum --hard"],
    run: act,
  });
  return {
    modules: {
      beat: async () => ({ default: command }),
      status: () => Promise.reject(new Error("must not be loaded")),
    },
    summaries: { beat: "Beat once", status: "Unused" },
    aliases: { hit: "beat" },
  };
}

const run = (io: MemoryIo, argv: string[], act: Command["run"]) =>
  runWith(argv, io, {
    verbs: verb(act),
    createContext: () =>
      ({
        io,
        warnings: async () => [],
        [Symbol.asyncDispose]: async () => {},
      }) as unknown as Context,
  });

const data = { session_id: "claude-1", heartbeat_at: "2026-02-11T14:00:00.000Z" };
const heartbeat: Answer = {
  data,
  view: async () => (await import("../../src/render/registration")).heartbeatView(data),
};
const beat = async () => heartbeat;

const parsed = (io: MemoryIo) => {
  expect(io.stdout.endsWith("\n")).toBe(true);
  return io.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
};

describe("an answer", () => {
  test("is one envelope with --json, its warnings inside", async () => {
    const io = memoryIo();
    const warnings = [{ code: "odd", message: "it is odd" }];
    expect(await run(io, ["beat", "--json"], async () => ({ ...heartbeat, warnings }))).toBe(0);
    expect(parsed(io)).toEqual([{ ok: true, data, warnings }]);
    expect(io.diagnostics).toEqual([]);
  });

  test("is a view without --json, its warnings on stderr in the caller's vocabulary", async () => {
    const io = memoryIo();
    const warnings = [{ code: "odd", message: "run parley status" }];
    expect(await run(io, ["beat"], async () => ({ ...heartbeat, warnings }))).toBe(0);
    expect(io.stdout).toContain("claude-1");
    expect(io.diagnostics).toEqual(["warn run parley status"]);
  });

  test("may carry its own exit code", async () => {
    expect(await run(memoryIo(), ["beat"], async () => ({ ...heartbeat, exitCode: 9 }))).toBe(9);
  });

  test("is followed by afterFlush only if it reached a reader", async () => {
    for (const [result, expected] of [
      ["written", 1],
      ["discarded", 0],
      ["gone", 0],
    ] as const) {
      let marked = 0;
      const io = memoryIo({ write: () => result });
      const afterFlush = async () => void marked++;
      expect(await run(io, ["beat"], async () => ({ ...heartbeat, afterFlush }))).toBe(0);
      expect(marked).toBe(expected);
      expect(io.diagnostics).toEqual([]);
    }
  });

  test("stays a success when what follows the flush fails, with a warning", async () => {
    const io = memoryIo();
    const afterFlush = async () => {
      throw new Error("locked");
    };
    expect(await run(io, ["beat", "--json"], async () => ({ ...heartbeat, afterFlush }))).toBe(0);
    expect(parsed(io)).toHaveLength(1);
    expect(io.diagnostics.join()).toContain("warn shown, but not marked as shown: locked");
  });

  test("that cannot be written is an error on stderr, once", async () => {
    const full = new ParleyError("not_permitted", "cannot write the answer: disk full");
    const io = memoryIo({ write: () => full });
    expect(await run(io, ["beat", "--json"], beat)).toBe(8);
    expect(io.diagnostics).toEqual(["error cannot write the answer: disk full"]);
  });

  test("comes to the verb by its alias, and behind global options", async () => {
    const io = memoryIo();
    expect(await run(io, ["--db", "x.db", "hit", "drum"], beat)).toBe(0);
    expect(io.stdout).toContain("claude-1");
  });
});

describe("an error", () => {
  const conflict = async () => {
    throw new ParleyError("conflict", "held by bob", {
      hint: "see parley status --locks",
      details: { holder: "bob" },
    });
  };

  test("is an envelope on stdout with --json, and nothing else anywhere", async () => {
    const io = memoryIo();
    expect(await run(io, ["beat", "--json"], conflict)).toBe(3);
    expect(parsed(io)).toEqual([
      {
        ok: false,
        error: {
          code: "conflict",
          message: "held by bob",
          hint: "see parley status --locks",
          details: { holder: "bob" },
        },
      },
    ]);
    expect(io.diagnostics).toEqual([]);
  });

  test("is a line and a hint on stderr otherwise, stdout staying empty", async () => {
    const io = memoryIo();
    expect(await run(io, ["beat"], conflict)).toBe(3);
    expect(io.stdout).toBe("");
    expect(io.diagnostics).toEqual(["error held by bob", "info hint: see parley status --locks"]);
  });

  test("in the arguments is invalid, in JSON wherever --json stands", async () => {
    for (const argv of [
      ["beat", "--hrad", "--json"],
      ["--json", "beat", "a", "b"],
      ["beet", "--json"],
      ["--json", "--wat", "beat"],
    ]) {
      const io = memoryIo();
      expect(await run(io, argv, beat)).toBe(64);
      expect(parsed(io)[0]).toMatchObject({ ok: false, error: { code: "invalid" } });
      expect(io.diagnostics).toEqual([]);
    }
  });

  test("names the verb that was probably meant, and where to read more", async () => {
    const io = memoryIo();
    expect(await run(io, ["baet"], beat)).toBe(64);
    expect(io.diagnostics[0]).toBe('error unknown verb "baet"; did you mean beat?');
    const other = memoryIo();
    await run(other, ["beat", "--hrad"], beat);
    expect(other.diagnostics).toEqual([
      "error unknown option --hrad; did you mean --hard?",
      "info hint: see parley beat --help",
    ]);
  });

  test("that is a bug says so, with the stack only on demand", async () => {
    const bug = async () => {
      throw new TypeError("x is undefined");
    };
    const io = memoryIo();
    expect(await run(io, ["beat"], bug)).toBe(1);
    expect(io.diagnostics[0]).toBe("error parley hit a bug: x is undefined");
    expect(io.diagnostics.join("\n")).not.toContain("run.test.ts");
    const debugging = memoryIo({ env: { PARLEY_DEBUG: "1" } });
    expect(await run(debugging, ["beat", "--json"], bug)).toBe(1);
    expect(parsed(debugging)[0].error.code).toBe("internal");
    expect(debugging.diagnostics.join("\n")).toContain("run.test.ts");
  });

  test("that no handler caught ends the command the same way, even while it waits", async () => {
    const io = memoryIo();
    const ended = run(io, ["beat", "--json"], () => new Promise(() => {}));
    io.crash(new Error("out of the blue"));
    expect(await ended).toBe(1);
    expect(parsed(io)[0].error.message).toContain("out of the blue");
  });

  test("that comes while the answer is made lets no second answer follow", async () => {
    const io = memoryIo();
    const late = Promise.withResolvers<Answer>();
    const ended = run(io, ["beat", "--json"], () => late.promise);
    io.crash(new Error("boom"));
    await ended;
    late.resolve(heartbeat);
    await Bun.sleep(5);
    expect(parsed(io)).toHaveLength(1);
  });
});

describe("a stream", () => {
  const item: StreamItem = { line: { type: "heartbeat", ...data }, answer: heartbeat };

  test("is one line an item with --json, and views otherwise", async () => {
    async function* twice() {
      yield item;
      yield item;
    }
    const json = memoryIo();
    expect(await run(json, ["beat", "--json"], async () => ({ stream: twice() }))).toBe(0);
    expect(parsed(json)).toEqual([item.line, item.line]);
    const eyes = memoryIo();
    await run(eyes, ["beat"], async () => ({ stream: twice() }));
    expect(eyes.stdout.match(/claude-1/g)).toHaveLength(2);
  });

  test("redraws in a terminal only", async () => {
    async function* once() {
      yield { ...item, redraw: true };
    }
    const terminal = memoryIo({ terminal: true });
    await run(terminal, ["beat"], async () => ({ stream: once() }));
    expect(terminal.stdout.startsWith("\x1b[H\x1b[2J")).toBe(true);
    const pipe = memoryIo();
    await run(pipe, ["beat"], async () => ({ stream: once() }));
    expect(pipe.stdout).not.toContain("\x1b");
  });

  test("ends well and cleans up when a signal comes while it waits", async () => {
    const io = memoryIo();
    let cleaned = false;
    async function* waiting(signal: AbortSignal) {
      try {
        yield item;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      } finally {
        await Bun.sleep(5);
        cleaned = true;
      }
    }
    const ended = run(io, ["beat"], async ({ signal }) => ({ stream: waiting(signal) }));
    while (io.stdout === "") await Bun.sleep(1);
    io.interrupt();
    expect(await ended).toBe(0);
    expect(cleaned).toBe(true);
  });

  test("ends quietly when its reader is gone, and goes on into the null device", async () => {
    let made = 0;
    async function* ten() {
      for (let count = 0; count < 10; count++) {
        made++;
        yield item;
      }
    }
    const gone = memoryIo({ write: () => "gone" });
    expect(await run(gone, ["beat"], async () => ({ stream: ten() }))).toBe(0);
    expect(made).toBe(1);
    expect(gone.diagnostics).toEqual([]);
    made = 0;
    await run(memoryIo({ write: () => "discarded" }), ["beat"], async () => ({ stream: ten() }));
    expect(made).toBe(10);
  });

  test("that fails ends with an error line of its own type", async () => {
    async function* failing() {
      yield item;
      throw new ParleyError("busy", "locked");
    }
    const io = memoryIo();
    expect(await run(io, ["beat", "--json"], async () => ({ stream: failing() }))).toBe(6);
    expect(parsed(io)[1]).toEqual({
      type: "error",
      ok: false,
      error: { code: "busy", message: "locked" },
    });
  });

  test("runs afterFlush for each item that reached a reader", async () => {
    let marked = 0;
    async function* once() {
      yield { ...item, answer: { ...heartbeat, afterFlush: async () => void marked++ } };
    }
    await run(memoryIo(), ["beat", "--json"], async () => ({ stream: once() }));
    expect(marked).toBe(1);
  });
});

describe("help", () => {
  test("is what comes without a verb, and loads no command", async () => {
    for (const argv of [[], ["--help"], ["help"], ["-h"]]) {
      const io = memoryIo();
      expect(await run(io, argv, beat)).toBe(0);
      for (const part of ["beat, hit", "Beat once", "--json", "64"])
        expect(io.stdout).toContain(part);
    }
  });

  test("of a verb shows usage, examples and the options of every verb, without colours", async () => {
    for (const argv of [
      ["beat", "--help"],
      ["beat", "--wrong", "-h"],
      ["help", "hit"],
    ]) {
      const io = memoryIo();
      expect(await run(io, argv, beat)).toBe(0);
      for (const part of ["[TARGET]", "--hard", "parley beat drum --hard", "--db"]) {
        expect(io.stdout).toContain(part);
      }
      expect(io.stdout).not.toContain("\x1b");
    }
  });

  test("is an envelope with --json", async () => {
    const io = memoryIo();
    await run(io, ["beat", "--help", "--json"], beat);
    expect(parsed(io)[0].data).toMatchObject({
      verb: "beat",
      usage: "parley beat [OPTIONS] [TARGET]",
    });
    const main = memoryIo();
    await run(main, ["--json"], beat);
    expect(parsed(main)[0].data.verbs[0]).toEqual({
      verb: "beat",
      alias: "hit",
      summary: "Beat once",
    });
  });

  test("is not shown for a mistake before any verb", async () => {
    const io = memoryIo();
    expect(await run(io, ["--", "beat"], beat)).toBe(64);
    expect(io.stdout).toBe("");
  });
});

test("the version is one line, and with --json tells the build", async () => {
  const io = memoryIo();
  expect(await run(io, ["--version"], beat)).toBe(0);
  expect(io.stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  const json = memoryIo();
  await run(json, ["beat", "-v", "--json"], beat);
  expect(Object.keys(parsed(json)[0].data)).toEqual(["version", "commit", "target", "bun"]);
});

describe("called by a name of the seeds", () => {
  const seeds = (act: Command["run"]): Verbs => ({
    modules: { register: verb(act).modules["beat"]! },
    summaries: {},
    aliases: {},
  });
  const call = (io: MemoryIo, argv: string[], act: Command["run"]) =>
    runWith(argv, io, {
      verbs: seeds(act),
      createContext: () =>
        ({
          io,
          warnings: async () => [],
          [Symbol.asyncDispose]: async () => {},
        }) as unknown as Context,
    });

  test("the verb is that name's, and all words are its arguments", async () => {
    const io = memoryIo({ name: "session-register" });
    let target: unknown;
    expect(
      await call(io, ["status"], async ({ args }) => {
        target = args["target"];
        return heartbeat;
      }),
    ).toBe(0);
    expect(target).toBe("status");
  });

  test("hints name commands by the names of the seeds where there are such", async () => {
    const io = memoryIo({ name: "session-register" });
    await call(io, [], async () => {
      throw new ParleyError("not_registered", "no session", {
        hint: "run parley status --all, parley inbox or parley read 7",
      });
    });
    expect(io.diagnostics[1]).toBe(
      "info hint: run /session-status --all, /cxq --bus-unread or parley read 7",
    );
  });
});

test("every verb has a summary, and examples of itself", async () => {
  expect(Object.keys(verbs.summaries)).toEqual(Object.keys(verbs.modules));
  for (const [name, load] of Object.entries(verbs.modules)) {
    const { default: command } = await load();
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(example.split(" ")[0]).toBe(name);
  }
});
