/** Edits parley's MCP entry in Codex's TOML. */
import { installable, type Owner, programOfServer } from "../../setup/program";
import {
  addTables,
  invalidToml,
  mark,
  parseToml,
  startsOf,
  type Table,
  tableEnd,
  topLines,
} from "../../setup/toml";
import type { Editor } from "../../setup/vendor";

/** Variables that Codex is to pass to the server: it passes hardly any by itself. */
const variables = ["PARLEY_DB", "XDG_DATA_HOME"];
const header = /^[ \t]*\[[ \t]*mcp_servers[ \t]*\.[ \t]*"?parley"?[ \t]*(\.[^\]]*)?\][ \t]*(#.*)?$/;

/** The MCP entry of Codex's `config.toml`: the table `[mcp_servers.parley]`, at the end of the file. */
export function tomlServerEditor(file: string, owner: Owner): Editor {
  const parse = (text: string): Table => parseToml(text, file);

  /** The edited text, if it parses to exactly what was meant. */
  const checked = (before: Table, after: string, entry: unknown): string => {
    try {
      const now = Bun.TOML.parse(after) as Table;
      if (Bun.deepEquals(without(before), without(now)) && Bun.deepEquals(entryIn(now), entry))
        return after;
    } catch {
      // The file may have an inline table, which no other table can add to.
    }
    throw invalidToml(file, "has its mcp_servers in a form that setup does not edit");
  };

  return {
    install(text) {
      const command = installable(owner);
      const before = parse(text ?? "");
      const entry = entryIn(before);
      const own = programOfServer(entry, owner);
      if (own === command || (entry !== undefined && own === null)) return text ?? "";
      const line = `command = ${JSON.stringify(command)}`;
      if (own !== null) {
        const lines = (text ?? "").split("\n");
        const { start, end } = sectionsIn(lines)[0] ?? { start: 0, end: 0 };
        const top = topLines(lines);
        const isCommand = (each: string, index: number): boolean =>
          top[index] === true && /^[ \t]*"?command"?[ \t]*=/.test(each);
        const at = lines.findIndex(
          (each, index) => index > start && index < end && isCommand(each, index),
        );
        if (at >= 0) lines[at] = line + (lines[at]?.endsWith("\r") ? "\r" : "");
        return checked(before, lines.join("\n"), { ...(entry as Table), command });
      }
      const passed = `env_vars = [${variables.map((each) => JSON.stringify(each)).join(", ")}]`;
      const table = ["[mcp_servers.parley]", line, 'args = ["mcp"]', passed];
      const after = addTables(text ?? "", [table]);
      return checked(before, after, { command, args: ["mcp"], env_vars: variables });
    },

    remove(text) {
      const before = parse(text);
      if (programOfServer(entryIn(before), owner) === null) return text;
      const lines = text.split("\n");
      for (const { start, end } of sectionsIn(lines).toReversed()) {
        const marked = lines[start - 1]?.trim() === mark ? 1 : 0;
        const blank = marked && start > 1 && lines[start - 2]?.trim() === "" ? 1 : 0;
        lines.splice(start - marked - blank, end - start + marked + blank);
      }
      return checked(before, lines.join("\n"), undefined);
    },

    inspect(text) {
      const entry = entryIn(parse(text ?? ""));
      const program = programOfServer(entry, owner);
      if (program !== null) return { state: "complete", programs: [program], missing: [] };
      const state = entry === undefined ? "absent" : "foreign";
      return { state, programs: [], missing: ["mcp_servers.parley"] };
    },
  };
}

const tableOf = (value: unknown): Table =>
  typeof value === "object" && value !== null ? (value as Table) : {};

const entryIn = (config: Table): unknown => tableOf(config["mcp_servers"])["parley"];

/** The rest of the configuration; whether there is an empty `mcp_servers` makes no difference. */
function without(config: Table): Table {
  const { mcp_servers: servers, ...rest } = config;
  const { parley: _, ...others } = tableOf(servers);
  return Object.keys(others).length > 0 ? { ...rest, mcp_servers: others } : rest;
}

/** Parley's table and those below it, as ranges of lines. */
function sectionsIn(lines: readonly string[]): { start: number; end: number }[] {
  return startsOf(lines, header).map((start) => ({ start, end: tableEnd(lines, start) }));
}
