/** `publish`: publishes a message on a channel. */
import { requireActor } from "../bus/caller";
import { duration, integer } from "../bus/input";
import { publish } from "../bus/publish";
import { defineCommand, option, positional } from "../cli/command";

export default defineCommand({
  args: {
    channel: positional("Such as state or coordination"),
    text: positional("A text or a JSON object; - reads it from standard input"),
    ttl: option("60s", "How long it lives (the channel's time)"),
    priority: option("0-3", "0 to 3", { default: "1" }),
    type: option("TYPE", "Type of the message", { default: "published" }),
  },
  examples: [
    'publish state \'{"task_id":"H.8.1","status":"working"}\'',
    'publish build "main is green" --ttl 10m',
  ],
  async run({ args, context }) {
    const priority = integer(args.priority, "--priority", 0, 3);
    const ttl = args.ttl === undefined ? null : duration(args.ttl, "--ttl");
    const text = args.text === "-" ? await context.io.readStdin() : args.text;
    const bus = await context.bus("create");
    const actor = await requireActor(bus, context.asOperator);
    const { channel, type } = args;
    const data = await publish(bus, actor, { channel, text, ttl, priority, type });
    return { data, view: async () => (await import("../render/message")).publishView(data) };
  },
});
