/** `claim` and `release`: the tasks of this session. */
import { requireSession } from "../bus/caller";
import { duration, oneOrAll } from "../bus/input";
import { checkedTask, claim, release } from "../bus/claim";
import { defineCommand, flag, option, optional, positional } from "../cli/command";

export default defineCommand({
  args: {
    task_id: positional("Task, such as H.13.7; exactly as the others write it"),
    ttl: option("1h", "Free it by itself after this time; claiming again renews"),
    wait: option("30s", "Wait so long for it where another has it"),
  },
  examples: ["claim H.13.7", "claim H.13.7 --ttl 1h --wait 30s"],
  async run({ args, context }) {
    const ttl = args.ttl === undefined ? null : duration(args.ttl, "--ttl");
    const wait = args.wait === undefined ? null : duration(args.wait, "--wait");
    const bus = await context.bus("create");
    const task_id = checkedTask(args.task_id);
    const data = await claim(bus, await requireSession(bus), task_id, { ttl, wait });
    return { data, view: async () => (await import("../render/lock")).claimView(data) };
  },
});

export const releaseVerb = defineCommand({
  args: {
    task_id: optional("Tasks that this session has claimed"),
    all: flag("All that this session has claimed"),
  },
  variadic: true,
  examples: ["release H.13.7", "release --all"],
  async run({ args, context }) {
    const tasks = oneOrAll(args._, args.all === true, "tasks");
    const bus = await context.bus("write");
    const data = await release(bus, await requireSession(bus), tasks);
    return { data, view: async () => (await import("../render/lock")).releaseView(data) };
  },
});
