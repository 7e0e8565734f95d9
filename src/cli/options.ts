/** The options of every verb, the lookup of options by flag, and the word that a mistyped one stands for. */
import type { ArgDef, ArgsDef } from "citty";

import { ParleyError } from "../bus/errors";
import { choice } from "../bus/input";

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

/** The flags that name an option: those of its aliases, then its own. */
export function flagsOf(name: string, def: ArgDef): string[] {
  const aliases = "alias" in def && def.alias ? [def.alias].flat() : [];
  return [...aliases, name].map((each) => (each.length === 1 ? `-${each}` : `--${each}`));
}

/** The options of a verb and the global ones by each of their flags. The verb's own replace global ones. */
export function optionsOf(args: ArgsDef): Map<string, Option> {
  const options = new Map<string, Option>();
  const add = (name: string, def: ArgDef, global: boolean) => {
    for (const flag of flagsOf(name, def)) options.set(flag, { name, def, global });
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
  if (negated && onByDefault(negated.def) && text === null)
    return { option: negated, value: false };
  const known = [...options].flatMap(([each, declared]) =>
    onByDefault(declared.def) ? [each, `--no-${each.slice(2)}`] : [each],
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

export const onByDefault = (def: ArgDef): boolean => def.type === "boolean" && def.default === true;

export function parseBoolean(flag: string, text: string | null): boolean {
  return text === null || choice(text, flag, ["true", "false"]) === "true";
}

export function missingValue(flag: string, { def }: Option, next: string | undefined): ParleyError {
  const choices = "options" in def ? def.options?.join("|") : undefined;
  const form = `${flag} ${("valueHint" in def && def.valueHint) || choices || "VALUE"}`;
  const reason = next === undefined ? "" : `, and ${next} is an option`;
  const otherwise = next === undefined ? "" : `, or ${flag}=${next} if that is the value`;
  return new ParleyError("invalid", `${flag} needs a value${reason}`, {
    hint: `write ${form}${otherwise}`,
    details: { option: flag },
  });
}

export const emptyValue = (label: string): ParleyError =>
  new ParleyError("invalid", `${label} is empty`, {
    hint: `${label.startsWith("--") ? "leave it out, or " : ""}check the variable that it came from`,
  });

/** The nearest candidate, or null where none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  const limit = Math.max(1, Math.floor(bare(word).length / 3));
  for (const candidate of candidates) {
    const typed = bare(word);
    const meant = bare(candidate);
    const begins = typed.length >= 3 && meant.startsWith(typed);
    const distance = begins ? 1 : editDistance(typed, meant);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

const bare = (word: string): string => word.replace(/^-+/, "").toLowerCase().slice(0, 64);

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (same ? 0 : 1),
          swapped && row > 1 && column > 1 ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(a.length, b.length);
}
