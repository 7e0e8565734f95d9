/** `migrate`. */
import { ParleyError } from "../bus/errors";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "migrate", description: "Copy a bus from a file to a PostgreSQL server" },
  args: {
    from: { type: "string", description: "The database to copy; it stays", valueHint: "PATH" },
    to: { type: "string", description: "The bus on the server", valueHint: "URL" },
  },
  examples: ["migrate --from ~/.local/share/parley/messaging.db --to postgres://me@db.lan/team"],
  async run({ args, context }) {
    const { from, to } = args;
    if (!from || !to) {
      throw new ParleyError("invalid", `${from ? "--to" : "--from"} is missing`, {
        hint: "write parley migrate --from PATH --to URL",
      });
    }
    const data = await context.migrate(from, to);
    return { data, view: async () => (await import("../render/maintenance")).migrateView(data) };
  },
});
