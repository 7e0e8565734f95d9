/** `inbox` and `read`: show the unread messages of this session, or mark messages as read. */
import { requireActor, unlessRefused } from "../bus/caller";
import type { Warning } from "../bus/errors";
import { awaitInbox, type OpenedInbox, openInbox, read } from "../bus/inbox";
import { duration, integer, oneOrAll } from "../bus/input";
import { defineCommand, excluding, flag, option, optional } from "../cli/command";

export default defineCommand({
  args: {
    channel: option("CHANNEL", "Only messages of this channel"),
    limit: option("1-1000", "At most so many", { default: "50" }),
    "mark-read": flag("Mark what is shown as read"),
    peek: flag("Only look: mark nothing"),
    wait: option("60s", "Wait so long for a message that was not shown yet"),
  },
  examples: [
    "inbox",
    "inbox --mark-read",
    "inbox --wait 60s",
    "inbox --channel task_broadcast --limit 5 --json",
  ],
  async run({ args, context }) {
    const limit = integer(args.limit, "--limit", 1, 1000);
    const peek = args.peek === true;
    if (peek && args["mark-read"]) throw excluding("--peek", "--mark-read");
    const wait = args.wait === undefined ? null : duration(args.wait, "--wait");
    const bus = await context.bus(args["mark-read"] ? "write" : "read");
    const actor = await requireActor(bus, context.asOperator);
    const query = { channel: args.channel ?? null, limit, peek };
    const open = async (): Promise<OpenedInbox> =>
      wait === null ? openInbox(bus, actor, query) : awaitInbox(bus, actor, query, wait);
    const warnings: Warning[] = [];
    const inbox = args["mark-read"]
      ? await open()
      : await unlessRefused(warnings, open, () => openInbox(bus, actor, { ...query, peek: true }));
    return {
      data: inbox.result,
      view: async (style) => (await import("../render/inbox")).inboxView(inbox.result, style),
      warnings,
      afterFlush: async () => {
        const ids = inbox.result.messages.map((message) => message.id);
        if (args["mark-read"] && ids.length > 0) await read(bus, actor, ids);
        else await inbox.onShown("inbox");
      },
      onDropped: inbox.onDropped,
    };
  },
});

export const readVerb = defineCommand({
  args: {
    id: optional("Ids of messages; several may follow"),
    all: flag("All unread messages"),
  },
  variadic: true,
  examples: ["read 12", "read 12 13 14", "read --all"],
  async run({ args, context }) {
    const words = oneOrAll(args._, args.all === true, "the ids of messages");
    const ids = words?.map((word) => integer(word, "A message id", 1)) ?? null;
    const bus = await context.bus("write");
    const data = await read(bus, await requireActor(bus, context.asOperator), ids);
    return { data, view: async () => (await import("../render/inbox")).readView(data) };
  },
});
