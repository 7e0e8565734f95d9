/** `inbox`: shows the unread messages of this session. */
import { requireActor, unlessRefused } from "../bus/caller";
import type { Warning } from "../bus/errors";
import { awaitInbox, type OpenedInbox, openInbox, read } from "../bus/inbox";
import { duration, integer } from "../bus/input";
import { defineCommand } from "../cli/command";
import { excluding } from "./usage-error";

export default defineCommand({
  meta: { name: "inbox", description: "Show the unread messages of this session" },
  args: {
    channel: { type: "string", description: "Only messages of this channel", valueHint: "CHANNEL" },
    limit: { type: "string", description: "At most so many", valueHint: "1-1000", default: "50" },
    "mark-read": { type: "boolean", description: "Mark what is shown as read" },
    peek: { type: "boolean", description: "Only look: mark nothing" },
    wait: {
      type: "string",
      description: "Wait so long for a message that was not shown yet",
      valueHint: "60s",
    },
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
        if (args["mark-read"] && inbox.result.messages.length > 0) {
          await read(
            bus,
            actor,
            inbox.result.messages.map((message) => message.id),
          );
        } else await inbox.onShown("inbox");
      },
      onDropped: inbox.onDropped,
    };
  },
});
