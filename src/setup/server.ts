/** Edits parley's MCP entry in a JSON file. */
import { JsonText, type Path } from "./json";
import { installable, type Owner, programOfServer } from "./program";
import type { Editor } from "./vendor";

/** The form in which an agent's configuration has its MCP servers. */
export interface ServerForm {
  /** The property of the file that holds them by name. */
  container: string;
  entry(program: string): object;
  /** The path of the program in an entry. */
  program: Path;
  /** The entry as a program and its arguments. */
  call(entry: unknown): unknown;
}

/** `{"mcpServers": {"parley": {type, command, args}}}` */
const common: ServerForm = {
  container: "mcpServers",
  entry: (command) => ({ type: "stdio", command, args: ["mcp"] }),
  program: ["command"],
  call: (entry) => entry,
};

export function serverEditor(file: string, owner: Owner, form: ServerForm = common): Editor {
  const container = [form.container];
  const place = [form.container, "parley"];
  const programIn = (json: JsonText): string | null =>
    programOfServer(form.call(json.value(place)), owner);
  return {
    install(text) {
      const command = installable(owner);
      const json = new JsonText(text ?? "", file);
      json.expect(container, "object");
      const own = programIn(json);
      if (own === command) return text ?? json.text;
      if (own !== null) return json.replace([...place, ...form.program], command).text;
      if (json.value(place) !== undefined) return text ?? json.text;
      return json.add(container, "parley", form.entry(command)).text;
    },

    remove(text, base) {
      const json = new JsonText(text, file);
      if (programIn(json) === null) return text;
      const without = json.remove(place);
      const wasEmpty = base !== null && new JsonText(base, file).isEmpty(container);
      return without.isEmpty(container) && !wasEmpty
        ? without.remove(container).text
        : without.text;
    },

    inspect(text) {
      const json = new JsonText(text ?? "", file);
      const program = programIn(json);
      if (program !== null) return { state: "complete", programs: [program], missing: [] };
      const state = json.value(place) === undefined ? "absent" : "foreign";
      return { state, programs: [], missing: [place.join(".")] };
    },
  };
}
