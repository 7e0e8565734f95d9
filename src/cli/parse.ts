/** Parses the command line strictly by the arguments that a verb declares. */
import type { ArgDef, ArgsDef, ParsedArgs } from "citty";

import { ParleyError } from "../bus/errors";
import { choice } from "../bus/input";
import type { Command } from "./command";
import { emptyValue, findOption, globalArgs, isOption, missingValue } from "./options";
import { optionInFull, optionsOf, parseBoolean } from "./options";

/** Global options with a value. The switches apply to the whole command line: see `asksFor`. */
interface Globals {
  db?: string;
  session?: string;
  as?: "operator";
}

export interface Parsed<A extends ArgsDef = ArgsDef> {
  args: ParsedArgs<A>;
  rest: string[];
  globals: Globals;
}

type Values = Map<string, string | boolean>;

interface Words {
  own: Values;
  global: Values;
  positionals: string[];
  rest: string[];
}

/**
 * Where the verb stands in argv: the first word that is neither a global option nor the value of one; -1
 * where there is none. Throws `invalid` for any other option before it.
 */
export function verbIndex(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") return -1;
    if (!isOption(word)) return index;
    const flag = word.split("=", 1)[0] ?? "";
    const { def } = optionInFull(flag, {}) ?? findOption(flag, null, optionsOf({})).option;
    if (def.type === "string" && flag === word) index++;
  }
  return -1;
}

/** Whether a global switch is on anywhere before `--`, even if the rest of argv is invalid. The last one counts. */
export function asksFor(argv: readonly string[], name: "json" | "help" | "version"): boolean {
  const end = argv.indexOf("--");
  const def = globalArgs[name];
  const short = "alias" in def ? `-${def.alias}` : null;
  const last = (end < 0 ? argv : argv.slice(0, end)).findLast(
    (word) => word.split("=", 1)[0] === `--${name}` || word === short,
  );
  return last !== undefined && last !== `--${name}=false`;
}

/**
 * Parses the words behind a verb strictly: an unknown, superfluous, missing or empty one is `invalid`.
 * Of an option that is given twice the last counts, so that an alias of the shell can be overruled. Text that
 * begins with `-` is an option, except behind `--` and for a lone `-`. (Why not citty's own parser: decision 0010.)
 */
export function parse<A extends ArgsDef>(
  argv: readonly string[],
  command: Pick<Command<A>, "args" | "variadic" | "takesRest">,
): Parsed<A> {
  const words = split(argv, command.args, command.takesRest ?? false);
  const declared = Object.entries(command.args).filter(([, def]) => def.type === "positional");
  checkPositionals(words.positionals, declared, command.variadic ?? false);
  checkOptions(words.own, command.args);
  return {
    args: valuesOf(words, command.args),
    rest: command.takesRest ? words.rest : words.positionals.slice(declared.length),
    globals: globalsOf(words.global),
  };
}

/** Every declared argument by its name, with its default where it was not given, and all positionals as `_`. */
function valuesOf<A extends ArgsDef>(words: Words, args: A): ParsedArgs<A> {
  const values: Record<string, unknown> = { _: words.positionals };
  let position = 0;
  for (const [name, def] of Object.entries(args)) {
    const given = def.type === "positional" ? words.positionals[position++] : words.own.get(name);
    values[name] = given ?? def.default;
  }
  return values as ParsedArgs<A>;
}

function split(argv: readonly string[], args: ArgsDef, takesRest: boolean): Words {
  const words: Words = { own: new Map(), global: new Map(), positionals: [], rest: [] };
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") {
      (takesRest ? words.rest : words.positionals).push(...argv.slice(index + 1));
      break;
    }
    if (!isOption(word)) {
      words.positionals.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const flag = equals < 0 ? word : word.slice(0, equals);
    const text = equals < 0 ? null : word.slice(equals + 1);
    const known = optionInFull(flag, args);
    const { option, value } = known ? { option: known } : findOption(flag, text, optionsOf(args));
    const values = option.global ? words.global : words.own;
    if (option.def.type === "boolean") {
      values.set(option.name, value ?? parseBoolean(flag, text));
    } else {
      const given = text ?? argv[++index];
      if (text === null && (given === undefined || isOption(given)))
        throw missingValue(flag, option, given);
      values.set(option.name, given ?? "");
    }
  }
  return words;
}

function checkPositionals(given: string[], declared: [string, ArgDef][], variadic: boolean): void {
  const surplus = variadic ? undefined : given[declared.length];
  if (surplus !== undefined) {
    const takesText = declared.length > 0;
    throw new ParleyError("invalid", `unexpected argument ${JSON.stringify(surplus)}`, {
      hint: takesText ? "a text of several words needs quotes" : "only options are taken here",
      details: { argument: surplus },
    });
  }
  for (const [index, [name, def]] of declared.entries()) {
    const value = given[index];
    const label = name.toUpperCase();
    if (value === undefined && def.required !== false && def.default === undefined) {
      throw new ParleyError("invalid", `${label} is missing`, { details: { argument: name } });
    }
    if (value === "") throw emptyValue(label);
  }
  if (variadic && given.includes(""))
    throw emptyValue(declared.at(-1)?.[0].toUpperCase() ?? "an argument");
}

function checkOptions(values: Values, args: ArgsDef): void {
  for (const [name, value] of values) {
    const def = args[name];
    if (value === "") throw emptyValue(`--${name}`);
    if (def?.type === "enum" && typeof value === "string")
      choice(value, `--${name}`, def.options ?? []);
  }
}

function globalsOf(values: Values): Globals {
  const globals: Globals = {};
  for (const name of ["db", "session", "as"] as const) {
    const value = values.get(name);
    if (value === "") throw emptyValue(`--${name}`);
    if (typeof value !== "string") continue;
    if (name === "as") globals.as = choice(value, "--as", ["operator"]);
    else globals[name] = value;
  }
  return globals;
}
