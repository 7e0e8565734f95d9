/** `read`: marks messages as read. */
import { requireActor } from "../bus/caller";
import { read } from "../bus/inbox";
import { integer, oneOrAll } from "../bus/input";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "read", description: "Mark messages as read" },
  args: {
    id: { type: "positional", required: false, description: "Ids of messages; several may follow" },
    all: { type: "boolean", description: "All unread messages" },
  },
  variadic: true,
  examples: ["read 12", "read 12 13 14", "read --all"],
  async run({ args, rest, context }) {
    const words = oneOrAll(args.id, rest, args.all === true, "the ids of messages");
    const ids =
      words?.map((word) => integer(word, "A message id", 1, Number.MAX_SAFE_INTEGER)) ?? null;
    const bus = await context.bus("write");
    const data = await read(bus, await requireActor(bus, context.asOperator), ids);
    return { data, view: async () => (await import("../render/inbox")).readView(data) };
  },
});
