/** `claim`: claims a task for this session. */
import { requireSession } from "../bus/caller";
import { duration } from "../bus/input";
import { checkedTask, claim } from "../bus/claim";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "claim", description: "Claim a task for this session alone" },
  args: {
    task_id: {
      type: "positional",
      required: true,
      description: "Task, such as H.13.7; exactly as the others write it",
    },
    ttl: {
      type: "string",
      description: "Free it by itself after this time; claiming again renews",
      valueHint: "1h",
    },
    wait: {
      type: "string",
      description: "Wait so long for it where another has it",
      valueHint: "30s",
    },
  },
  examples: ["claim H.13.7", "claim H.13.7 --ttl 1h --wait 30s"],
  async run({ args, context }) {
    const ttl = args.ttl === undefined ? null : duration(args.ttl, "--ttl");
    const wait = args.wait === undefined ? null : duration(args.wait, "--wait");
    const bus = await context.bus("create");
    const task_id = checkedTask(args.task_id);
    const data = await claim(bus, await requireSession(bus), task_id, { ttl, wait });
    return { data, view: async () => (await import("../render/claim")).claimView(data) };
  },
});
