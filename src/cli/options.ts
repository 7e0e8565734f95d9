/** Finds options by flag, and says what is wrong with one. */
import type { ArgDef, ArgsDef } from "citty";

import { ParleyError } from "../bus/errors";
import { choice } from "../bus/input";
import { globalArgs } from "./global-options";
import { nearest } from "./suggest";

/** An option as argv names it: `-h` and `--help` lead to the same one. */
export interface Option {
  name: string;
  def: ArgDef;
  global: boolean;
}

/** The options of a verb and the global ones, by each way to write them. The verb's own come first. */
export function optionsOf(args: ArgsDef): Map<string, Option> {
  const options = new Map<string, Option>();
  const add = (name: string, def: ArgDef, global: boolean) => {
    const aliases = "alias" in def && def.alias ? [def.alias].flat() : [];
    for (const each of [name, ...aliases]) {
      options.set(each.length === 1 ? `-${each}` : `--${each}`, { name, def, global });
    }
  };
  for (const [name, def] of Object.entries(globalArgs)) add(name, def, true);
  for (const [name, def] of Object.entries(args))
    if (def.type !== "positional") add(name, def, false);
  return options;
}

/** What a flag written in full names, without spelling out every option; null where it takes a closer look. */
export function named(flag: string, args: ArgsDef): Option | null {
  if (!flag.startsWith("--")) return null;
  const name = flag.slice(2);
  const own = Object.hasOwn(args, name) ? args[name] : undefined;
  if (own && own.type !== "positional") return { name, def: own, global: false };
  const shared = Object.hasOwn(globalArgs, name)
    ? globalArgs[name as keyof typeof globalArgs]
    : null;
  return shared && { name, def: shared, global: true };
}

/** A lone `-` is a text: standard input. */
export const isOption = (word: string): boolean => word.startsWith("-") && word !== "-";

/** The option that a flag names; `value` false where the flag is its `--no-` form. */
export function findOption(
  flag: string,
  text: string | null,
  options: Map<string, Option>,
): { option: Option; value?: false } {
  const option = options.get(flag);
  if (option) return { option };
  const negated = flag.startsWith("--no-") ? options.get(`--${flag.slice(5)}`) : undefined;
  if (negated && onByDefault(negated) && text === null) return { option: negated, value: false };
  const known = [...options].flatMap(([each, declared]) =>
    onByDefault(declared) ? [each, `--no-${each.slice(2)}`] : [each],
  );
  const suggestion = flag.length > 2 ? nearest(flag, known) : null;
  const question = suggestion ? `; did you mean ${suggestion}?` : "";
  throw new ParleyError("invalid", `unknown option ${flag}${question}`, {
    ...(suggestion
      ? {}
      : { hint: "options stand behind their verb, text that begins with - behind --" }),
    details: { option: flag, suggestion },
  });
}

const onByDefault = ({ def }: Option): boolean => def.type === "boolean" && def.default === true;

export function booleanOf(flag: string, text: string | null): boolean {
  return text === null || choice(text, flag, ["true", "false"]) === "true";
}

export function missing(flag: string, { def }: Option, next: string | undefined): ParleyError {
  const choices = "options" in def ? def.options?.join("|") : undefined;
  const form = `${flag} ${("valueHint" in def && def.valueHint) || choices || "VALUE"}`;
  return new ParleyError(
    "invalid",
    `${flag} needs a value${next === undefined ? "" : `, and ${next} is an option`}`,
    {
      hint:
        next === undefined
          ? `write ${form}`
          : `write ${form}, or ${flag}=${next} if that is the value`,
      details: { option: flag },
    },
  );
}

export const empty = (label: string): ParleyError =>
  new ParleyError("invalid", `${label} is empty`, {
    hint: `${label.startsWith("--") ? "leave it out, or " : ""}check the variable that it came from`,
  });
