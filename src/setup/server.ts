import { JsonText } from "./json";
import { installable, type Owner, programOfServer } from "./program";
import type { Editor } from "./vendor";

const container = ["mcpServers"];
const place = ["mcpServers", "parley"];

/** The MCP entry of a JSON file: `{"mcpServers": {"parley": {type, command, args}}}`. */
export function serverEditor(file: string, owner: Owner): Editor {
  const programIn = (json: JsonText): string | null => programOfServer(json.value(place), owner);
  return {
    install(text) {
      const command = installable(owner);
      const json = new JsonText(text ?? "", file);
      json.expect(container, "object");
      const own = programIn(json);
      if (own === command) return text ?? json.text;
      if (own !== null) return json.replace([...place, "command"], command).text;
      if (json.value(place) !== undefined) return text ?? json.text;
      return json.add(container, "parley", { type: "stdio", command, args: ["mcp"] }).text;
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

    look(text) {
      const json = new JsonText(text ?? "", file);
      const program = programIn(json);
      if (program !== null) return { state: "complete", programs: [program], missing: [] };
      const state = json.value(place) === undefined ? "absent" : "foreign";
      return { state, programs: [], missing: ["mcpServers.parley"] };
    },
  };
}
