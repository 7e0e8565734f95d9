/** The options of every verb, and the lookup of options by flag. */
import type { ArgDef, ArgsDef } from "citty";

import { ParleyError } from "../bus/errors";
import { choice } from "../bus/input";
import { nearest } from "./suggest";

/** Options that every verb takes, anywhere before `--`. The shape is citty's. */
export const globalArgs = {
  json: { type: "boolean", description: "Answer with one line of JSON" },
  db: {
    type: "string",
    valueHint: "PATH",
    description: "Database to use: a file, or a postgres:// URL (PARLEY_DB)",
  },
  session: { type: "string", valueHint: "ID", description: "Session to act for (PARLEY_SESSION)" },
  as: { type: "string", valueHint: "operator", description: "Act as the human at this machine" },
  help: { type: "boolean", alias: "h", description: "Show help" },
  version: { type: "boolean", alias: "v", description: "Show the version" },
} as const;

/** An option that a flag in argv names; `-h` and `--help` name the same. */
export interface Option {
  name: string;
  def: ArgDef;
  global: boolean;
}

/** The options of a verb and the global ones by each of their flags. The verb's own replace global ones. */
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

/** The option of a flag written in full, found without listing all options; null for any other flag. */
export function optionInFull(flag: string, args: ArgsDef): Option | null {
  if (!flag.startsWith("--")) return null;
  const name = flag.slice(2);
  const own = Object.hasOwn(args, name) ? args[name] : undefined;
  if (own && own.type !== "positional") return { name, def: own, global: false };
  const shared = Object.hasOwn(globalArgs, name)
    ? globalArgs[name as keyof typeof globalArgs]
    : null;
  return shared && { name, def: shared, global: true };
}

/** A lone `-` is no option: it stands for standard input. */
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

export function parseBoolean(flag: string, text: string | null): boolean {
  return text === null || choice(text, flag, ["true", "false"]) === "true";
}

export function missingValue(flag: string, { def }: Option, next: string | undefined): ParleyError {
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

export const emptyValue = (label: string): ParleyError =>
  new ParleyError("invalid", `${label} is empty`, {
    hint: `${label.startsWith("--") ? "leave it out, or " : ""}check the variable that it came from`,
  });
