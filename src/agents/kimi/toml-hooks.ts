/** Edits parley's hooks in Kimi Code's TOML. */
import type { HookEvents } from "../../setup/hooks";
import { hookCommand, installable, type Owner, programOfHook } from "../../setup/program";
import {
  addTables,
  invalidToml,
  mark,
  parseToml,
  startsOf,
  tableEnd,
  type Table,
} from "../../setup/toml";
import type { Editor } from "../../setup/vendor";

const header = /^[ \t]*\[\[[ \t]*"?hooks"?[ \t]*\]\][ \t]*(#.*)?$/;

/** Every entry of `[[hooks]]`. Throws `invalid`. */
export function hookTables(text: string, file: string): Table[] {
  const { hooks } = parseToml(text, file);
  if (hooks === undefined) return [];
  if (Array.isArray(hooks) && hooks.every(isTable)) return hooks;
  throw invalidToml(file, "has hooks that are no list of tables");
}

const isTable = (value: unknown): value is Table => typeof value === "object" && value !== null;

/** `[[hooks]]` tables of `event`, `matcher`, `command` and `timeout` among other settings. Another key switches all hooks off. */
export function tomlHooksEditor(
  file: string,
  vendor: string,
  events: HookEvents,
  owner: Owner,
): Editor {
  const programIn = (table: Table): string | null => programOfHook(table["command"], vendor, owner);
  const ownIn = (text: string): Table[] =>
    hookTables(text, file).filter((table) => programIn(table) !== null);

  const without = (text: string): string => {
    const tables = hookTables(text, file);
    if (!tables.some(programIn)) return text;
    const lines = text.split("\n");
    const starts = startsOf(lines, header);
    const fault = invalidToml(file, "has its hooks in a form that setup does not edit");
    if (starts.length !== tables.length) throw fault;
    for (const [index, start] of [...starts.entries()].toReversed()) {
      if (programIn(tables[index]!) === null) continue;
      const marked = lines[start - 1]?.trim() === mark ? 1 : 0;
      const blank = start > marked && lines[start - marked - 1]?.trim() === "" ? 1 : 0;
      const first = start - marked - blank;
      lines.splice(first, tableEnd(lines, start) - first);
    }
    const after = lines.join("\n");
    const kept = tables.filter((table) => programIn(table) === null);
    if (isSame(after, { ...parseToml(text, file), hooks: kept })) return after;
    throw fault;
  };

  return {
    install(text) {
      const command = hookCommand(installable(owner), vendor);
      const before = text ?? "";
      const own = ownIn(before);
      // A timeout that the user has chosen stays.
      const timeouts = new Map(own.map(({ event, timeout }) => [event, timeout]));
      const wanted = Object.entries(events).map(([event, { matcher, timeout }]) => ({
        event,
        ...(matcher === undefined ? {} : { matcher }),
        command,
        timeout: timeouts.get(event) ?? timeout,
      }));
      if (Bun.deepEquals(own, wanted)) return before;
      const rest = without(before);
      const tables = wanted.map((table) => [
        "[[hooks]]",
        ...Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
      ]);
      const after = addTables(rest, tables);
      const hooks = [...hookTables(rest, file), ...wanted];
      if (isSame(after, { ...parseToml(rest, file), hooks })) return after;
      throw invalidToml(file, "has its hooks in a form that setup does not add to");
    },

    remove: (text) => without(text),

    inspect(text) {
      const own = ownIn(text ?? "");
      const isWhole = (event: string): boolean =>
        own.some((each) => each["event"] === event && each["matcher"] === events[event]?.matcher);
      const missing = Object.keys(events).filter((event) => !isWhole(event));
      const state = own.length === 0 ? "absent" : missing.length > 0 ? "partial" : "complete";
      return {
        state,
        programs: [...new Set(own.flatMap((table) => programIn(table) ?? []))],
        missing,
      };
    },
  };
}

/** Whether a text parses to just that. A text without hooks counts as one with an empty list. */
function isSame(text: string, meant: Table): boolean {
  try {
    return Bun.deepEquals(
      { hooks: [], ...(Bun.TOML.parse(text) as Table) },
      { hooks: [], ...meant },
    );
  } catch {
    // The file may have an inline list, which no table can be added to.
    return false;
  }
}
