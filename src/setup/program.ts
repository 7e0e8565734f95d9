/** The program that agents are to run, and which entries of a configuration are parley's. */
import { existsSync, realpathSync } from "node:fs";
import { basename } from "node:path";

import { ParleyError } from "../bus/errors";
import { isCompiled } from "../bus/process";
import { shellQuote } from "../bus/text";

/** By which programs an entry of a configuration is known to be parley's. */
export interface Owner {
  /** Real path of the program to be written into it; null when run from the sources. */
  program: string | null;
  /** Programs that were written into it before, by whatever name. */
  known: readonly string[];
}

/** The compiled program that is running; null when it is Bun with parley's sources. */
export function runningProgram(): string | null {
  return isCompiled() && existsSync(process.execPath) ? realpathSync(process.execPath) : null;
}

/** Throws `invalid` where agents could not run it. */
export function installable({ program }: Owner): string {
  if (program === null) {
    throw new ParleyError("invalid", "Agents need the built program, and this runs from sources", {
      hint: "build it with bun run build, then run dist/parley setup",
    });
  }
  // oxlint-disable-next-line no-control-regex
  if (!/[\x00-\x1f\x7f]/.test(program)) return program;
  throw new ParleyError("invalid", `No agent can be told to run ${JSON.stringify(program)}`, {
    hint: "move it to a path without control characters",
    details: { program },
  });
}

export const hookCommand = (program: string, vendor: string): string =>
  `${shellQuote(program)} hook ${vendor}`;

/** The program of a hook's command, where it is parley, by any path; null for any other command. */
export function programOfHook(command: unknown, vendor: string, owner: Owner): string | null {
  if (typeof command !== "string") return null;
  const [, word, called] =
    /^\s*((?:'[^']*'|\\.|[^\s'"\\;&|<>$`])+)\s+hook\s+([\w-]+)\s*$/.exec(command) ?? [];
  if (word === undefined || called !== vendor) return null;
  const program = word.replace(
    /'([^']*)'|\\(.)/g,
    (_, literal?: string, escaped?: string) => literal ?? escaped ?? "",
  );
  return isParley(program, owner) ? program : null;
}

/** The program of an MCP entry, where it is parley; null for any other entry. */
export function programOfServer(entry: unknown, owner: Owner): string | null {
  if (typeof entry !== "object" || entry === null) return null;
  const { command, args } = entry as { command?: unknown; args?: unknown };
  if (typeof command !== "string" || !Array.isArray(args) || args[0] !== "mcp") return null;
  return isParley(command, owner) ? command : null;
}

const isParley = (program: string, { program: own, known }: Owner): boolean =>
  program === own || known.includes(program) || /^parley/i.test(basename(program));
