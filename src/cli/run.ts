/** The one loop and the one catch, from argv to exit code. */
import type { ArgsDef, ParsedArgs } from "citty";

import { ParleyError } from "../bus/errors";
import type { Command, StreamItem } from "./command";
import { findVerb, verbNames, type Verbs, verbs } from "./commands";
import { type Context, type ContextOptions, createContext } from "./context";
import type { Io } from "./io";
import { verbOfName, vocabularyOf } from "./aliases";
import { openOutput, type Output } from "./output";
import { asksFor, parse, verbIndex } from "./parse";
import { nearest } from "./options";

interface Dependencies {
  verbs: Verbs;
  createContext(options: ContextOptions): Context | Promise<Context>;
}

const ownDependencies: Dependencies = { verbs, createContext };

/**
 * Runs argv (without the program) and returns the exit code. Never throws: every failure becomes one error on the stream
 * that the caller reads. Without a verb it shows the help.
 */
export async function run(
  argv: readonly string[],
  io: Io,
  dependencies = ownDependencies,
): Promise<number> {
  if (isHook(argv, io.name)) return runHook(argv, io, dependencies);
  const output = openOutput(io, asksFor(argv, "json"), vocabularyOf(io.name));
  const crash = Promise.withResolvers<never>();
  // It may reject when the race below is over, which must not count as another crash.
  crash.promise.catch(() => {});
  io.onCrash(crash.reject);
  try {
    return await Promise.race([invoke(argv, io, output, dependencies), crash.promise]);
  } catch (error) {
    return output.failure(error);
  }
}

/** `hook VENDOR [EVENT]` without options is not parsed, to save time, and no failure in it may stop an agent. */
const isHook = (argv: readonly string[], name: string): boolean =>
  argv[0] === "hook" &&
  (argv.length === 2 || argv.length === 3) &&
  !argv.some((word) => word.startsWith("-")) &&
  verbOfName(name) === null;

/** Exits 0 even after a failure, since some vendor gives a meaning to every other code. */
async function runHook(
  [, vendor, event]: readonly string[],
  io: Io,
  dependencies: Dependencies,
): Promise<number> {
  io.onCrash(() => (process.exitCode = 0));
  try {
    const { default: command } = await dependencies.verbs.modules["hook"]!();
    await using context = await dependencies.createContext({ io, asOperator: false, json: false });
    const args = { _: [], vendor, event } as unknown as ParsedArgs<ArgsDef>;
    const { signal } = new AbortController();
    const result = await command.run({ args, rest: [], context, signal });
    if ("raw" in result) return await openOutput(io, false, vocabularyOf(io.name)).raw(result);
  } catch {
    // Failures were noted in the hook log where they happened.
  }
  return 0;
}

async function invoke(
  argv: readonly string[],
  io: Io,
  output: Output,
  dependencies: Dependencies,
): Promise<number> {
  if (asksFor(argv, "version")) return showVersion(output);
  const { name, words, help } = splitVerb(argv, io.name);
  if (name === null) {
    if (!help) parse(words, { args: {} });
    const { mainHelp } = await import("./help");
    const { text, data } = await mainHelp(dependencies.verbs, io.color());
    return output.plain(text, data);
  }
  const verb = findVerb(name, dependencies.verbs);
  const load = verb === null ? undefined : dependencies.verbs.modules[verb];
  if (verb === null || !load) throw unknownVerb(name, dependencies.verbs);
  const { default: command } = await load();
  if (help) {
    const { verbHelp } = await import("./help");
    const { text, data } = await verbHelp(verb, command, dependencies.verbs, io.name, io.color());
    return output.plain(text, data);
  }
  return perform(verb, command, words, io, output, dependencies);
}

async function perform(
  name: string,
  command: Command,
  words: readonly string[],
  io: Io,
  output: Output,
  dependencies: Dependencies,
): Promise<number> {
  const stop = new AbortController();
  try {
    const { args, rest, globals } = parse(words, command);
    const { db, session } = globals;
    const asOperator = globals.as === "operator";
    const json = asksFor(words, "json");
    await using context = await dependencies.createContext({ io, db, session, asOperator, json });
    const result = await command.run({ args, rest, context, signal: stop.signal });
    if ("raw" in result) return await output.raw(result);
    const warnings = await context.warnings();
    if ("stream" in result) {
      for (const { message } of warnings) await io.say("warn", message);
      return await pump(result.stream, stop, io, output);
    }
    if (warnings.length > 0) result.warnings = [...(result.warnings ?? []), ...warnings];
    return await output.answer(result);
  } catch (error) {
    throw await withAdvice(error, name, io);
  }
}

/** A mistake in the arguments that says nothing else to do is pointed to the verb's help; a refusal, to who refused. */
async function withAdvice(error: unknown, name: string, io: Io): Promise<unknown> {
  if (!(error instanceof ParleyError)) return error;
  if (error.code === "not_permitted")
    return (await import("../agents/agents")).explainRefusal(error, io.env);
  if (error.code !== "invalid" || error.hint) return error;
  return new ParleyError(error.code, error.message, {
    hint: `see parley ${name} --help`,
    ...(error.details ? { details: error.details } : {}),
    cause: error.cause,
  });
}

/** The verb, and the other words. `parley help VERB` is `parley VERB --help`. */
function splitVerb(argv: readonly string[], calledName: string) {
  const named = verbOfName(calledName);
  let words = argv;
  let name = named;
  let help = asksFor(argv, "help");
  const take = () => {
    const index = verbIndex(words);
    const word = words[index] ?? null;
    if (word !== null) words = words.toSpliced(index, 1);
    return word;
  };
  name ??= take();
  if (named === null && name === "help") {
    help = true;
    name = take();
  }
  return { name, words, help };
}

function unknownVerb(name: string, table: Verbs): ParleyError {
  const suggestion = nearest(name, verbNames(table));
  const question = suggestion ? `; did you mean ${suggestion}?` : "";
  return new ParleyError("invalid", `unknown verb ${JSON.stringify(name)}${question}`, {
    hint: "see parley --help",
    details: { verb: name, suggestion },
  });
}

/** Writes the items of a stream until it ends, a signal comes or its reader is gone; then lets it clean up. */
async function pump(
  stream: AsyncIterable<StreamItem>,
  stop: AbortController,
  io: Io,
  output: Output,
): Promise<number> {
  const iterator = stream[Symbol.asyncIterator]();
  const stopped = Promise.withResolvers<null>();
  stop.signal.addEventListener("abort", () => stopped.resolve(null), { once: true });
  const unsubscribe = io.onStop(() => stop.abort());
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stopped.promise]);
      if (next === null || next.done || stop.signal.aborted) return 0;
      if ((await output.item(next.value)) === "gone") return 0;
    }
  } finally {
    stop.abort();
    await iterator.return?.();
    unsubscribe();
  }
}

async function showVersion(output: Output): Promise<number> {
  const { version } = await import("./version");
  const data = await version();
  return output.plain(`${data.version}\n`, data);
}
