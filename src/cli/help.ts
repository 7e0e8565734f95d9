/** Builds the help of the program and of a verb, as text and as data. */
import { type ArgDef, renderUsage } from "citty";

import { type ErrorCode, exitCodes } from "../bus/errors";
import type { Command } from "./command";
import { aliasOf, type Verbs } from "./commands";
import { flagsOf, globalArgs, onByDefault } from "./options";
import { verbOfName } from "./aliases";
import { version } from "./version";

/** The same help as text and as the data of `--help --json`. */
export interface Help {
  text: string;
  data: unknown;
}

export const tagline =
  "coding agents of different vendors on one machine find each other, talk, and keep off each other's files";

export const exitMeanings: Record<ErrorCode, string> = {
  internal: "a bug of parley, or a corrupt database",
  conflict: "held or owned by another session",
  not_found: "no such session, message, task, program or database",
  timeout: "a wait ran out",
  busy: "the database stayed locked; try again",
  not_registered: "the verb needs a session, and none was found",
  not_permitted: "permissions, read-only media, a full disk",
  invalid: "wrong arguments or input",
};

export async function mainHelp(verbs: Verbs, color: boolean): Promise<Help> {
  const { version: number } = await version();
  const listed = Object.entries(verbs.summaries).map(([verb, summary]) => ({
    verb,
    alias: aliasOf(verb, verbs),
    summary,
  }));
  const rows = listed.map(({ verb, alias, summary }): Row => [
    alias ? `${verb}, ${alias}` : verb,
    summary,
  ]);
  const codes = Object.entries(exitMeanings).map(([code, meaning]): Row => [
    String(exitCodes[code as ErrorCode]),
    `${meaning} (${code})`,
  ]);
  const text = [
    `parley ${number}: ${tagline}`,
    "",
    `${heading("USAGE", color)} parley VERB [OPTIONS] [ARGUMENTS]`,
    "",
    ...section("VERBS", rows, color),
    ...section("OPTIONS OF EVERY VERB", globalRows(), color),
    ...section("EXIT CODES", [["0", "done; also when there was nothing to show"], ...codes], color),
    "parley VERB --help tells more about a verb.",
    "",
  ];
  return {
    text: text.join("\n"),
    data: {
      verbs: listed,
      options: described(globalArgs),
      exit_codes: { ok: 0, ...exitCodes },
    },
  };
}

/** The usage line and the examples show `calledName`, the name by which the program was called. */
export async function verbHelp(
  name: string,
  command: Command,
  verbs: Verbs,
  calledName: string,
  color: boolean,
): Promise<Help> {
  const description = verbs.summaries[name] ?? "";
  const shown = verbOfName(calledName) === name ? calledName : `parley ${name}`;
  const rendered = await renderUsage({ meta: { name: shown, description }, args: command.args });
  const examples = command.examples.map((example) => `  ${shown}${example.slice(name.length)}`);
  const text = [
    // citty pads its last column, hence the removal of trailing blanks.
    markRest(command, color ? rendered : Bun.stripANSI(rendered))
      .replace(/ +$/gm, "")
      .trimEnd(),
    "",
    ...section("OPTIONS OF EVERY VERB", globalRows(), color),
    heading("EXAMPLES", color),
    "",
    ...examples,
    "",
  ];
  return {
    text: text.join("\n"),
    data: {
      verb: name,
      alias: aliasOf(name, verbs),
      description,
      usage: usage(name, command),
      arguments: described(command.args),
      options: described(globalArgs),
      examples: command.examples.map((example) => `parley ${example}`),
    },
  };
}

/** The usage line in plain text: `parley read [OPTIONS] [ID…]`. */
export function usage(verb: string, command: Command): string {
  const positionals = Object.entries(command.args)
    .filter(([, def]) => def.type === "positional")
    .map(([name, def]) =>
      isRequired(def) ? `<${name.toUpperCase()}>` : `[${name.toUpperCase()}]`,
    );
  return markRest(command, ["parley", verb, "[OPTIONS]", ...positionals].join(" "));
}

/** Marks repeated positionals and a command behind `--`, neither of which citty supports. */
function markRest(command: Command, text: string): string {
  const last = Object.keys(command.args).findLast(
    (name) => command.args[name]?.type === "positional",
  );
  if (command.takesRest && !last) return text.replace("[OPTIONS]", "[OPTIONS] -- COMMAND…");
  if (!command.variadic || !last) return text;
  const behind = command.takesRest ? " [-- COMMAND…]" : "";
  return text.replace(
    new RegExp(`([[<])${last.toUpperCase()}([\\]>])`),
    `$1${last.toUpperCase()}…$2${behind}`,
  );
}

/** Arguments as data; `flags` lists the spellings of an option. */
export function described(args: Readonly<Record<string, ArgDef>>) {
  return Object.entries(args).map(([name, def]) => ({
    name,
    type: def.type ?? "string",
    ...(def.type === "positional"
      ? {}
      : { flags: [...flagsOf(name, def), ...(onByDefault(def) ? [`--no-${name}`] : [])] }),
    ...(def.valueHint ? { value: def.valueHint } : {}),
    ...("options" in def && def.options ? { choices: def.options } : {}),
    ...(def.default === undefined ? {} : { default: def.default }),
    required: isRequired(def),
    description: descriptionOf(def),
  }));
}

const isRequired = (def: ArgDef): boolean =>
  def.type === "positional" && def.default === undefined && def.required !== false;

const descriptionOf = (def: ArgDef): string =>
  def.description ?? ("negativeDescription" in def ? (def.negativeDescription ?? "") : "");

type Row = [left: string, right: string];

const globalRows = (): Row[] =>
  described(globalArgs).map(({ flags = [], value, description }) => [
    flags.join(", ") + (value ? `=<${value}>` : ""),
    description,
  ]);

/** Aligned as citty aligns its own sections. */
function section(title: string, rows: Row[], color: boolean): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padStart(width)}  ${right}`);
  return [heading(title, color), "", ...lines, ""];
}

const heading = (title: string, color: boolean): string =>
  color ? `\x1b[4m\x1b[1m${title}\x1b[22m\x1b[24m` : title;
