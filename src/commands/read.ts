import { requireActor } from "../bus/caller";
import { ParleyError } from "../bus/errors";
import { read } from "../bus/inbox";
import { integer } from "../bus/input";
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
    const words = [...(args.id === undefined ? [] : [args.id]), ...rest];
    if ((words.length > 0) === (args.all === true)) {
      throw new ParleyError("invalid", "Give either the ids of messages or --all", {
        hint: "list the messages with parley inbox",
      });
    }
    const ids = args.all ? null : words.map((word) => integer(word, "A message id", 1, Number.MAX_SAFE_INTEGER));
    const bus = await context.bus("write");
    return { view: "read", data: await read(bus, await requireActor(bus, context.asOperator), ids) };
  },
});
