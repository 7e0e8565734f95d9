/** `message`: sends a message, or lists the sent ones. */
import { requireActor } from "../bus/caller";
import { awaitState, send, sent } from "../bus/send";
import { choice, duration, integer, jsonObject } from "../bus/input";
import { directedChannels, type SendResult } from "../bus/message";
import { type Answer, defineCommand, flag, option, optional, usageError } from "../cli/command";

export default defineCommand({
  args: {
    target: optional(
      "Session id or name, holder:PATH, task:ID or operator; with --all the text stands here",
    ),
    text: optional("What to say; - reads it from standard input"),
    all: flag("To all active sessions but this one"),
    project: option("PROJECT", "With --all: only sessions of this project"),
    priority: option("0-3", "0 routine, 1 normal, 2 high, 3 critical", { default: "2" }),
    channel: option("CHANNEL", "coordination, task_broadcast or state", {
      default: "coordination",
    }),
    "reply-to": option("ID", "Answer this message, which becomes read"),
    payload: option("JSON", "A JSON object instead of the text"),
    wake: flag("Wake whoever idles, if its user allows; priority 3 does so by itself"),
    wait: option("STATE", "Wait until it is delivered, read, or answered (reply)"),
    timeout: option("DURATION", "How long to wait", { default: "60s" }),
    sent: flag("List the messages this session sent"),
    status: flag("List them with their delivery times"),
  },
  examples: [
    'message codex-41200 "please release lock on paths.py"',
    'message codex-41200 "task H.13.7 conflict" --priority 3',
    'message --all "switching to track J work"',
    'message codex-41200 "may I edit paths.py?" --wait reply --timeout 5m',
    "message --sent --status",
  ],
  async run({ args, context }) {
    const priority = integer(args.priority, "--priority", 0, 3);
    const channel = choice(args.channel, "--channel", directedChannels);
    const replyTo =
      args["reply-to"] === undefined ? null : integer(args["reply-to"], "--reply-to", 1);
    const waitsFor =
      args.wait === undefined ? null : choice(args.wait, "--wait", ["delivered", "read", "reply"]);
    const timeout = duration(args.timeout, "--timeout");
    const payload = args.payload === undefined ? null : jsonObject(args.payload, "--payload");
    if (args.sent || args.status) {
      if (args.target !== undefined) throw usageError("--sent takes no target and no text", hint);
      const bus = await context.bus("read");
      const actor = await requireActor(bus, context.asOperator);
      const data = await sent(bus, actor);
      return {
        data,
        view: async (style) =>
          (await import("../render/message")).sentView(data, style, args.status === true),
      };
    }
    const words = [args.target, args.text].filter((word) => word !== undefined);
    const wanted = (args.all ? 0 : 1) + (payload ? 0 : 1);
    if (words.length !== wanted)
      throw usageError(usageProblem(args.all === true, payload !== null, words.length), hint);
    if (args.project !== undefined && !args.all)
      throw usageError("--project goes with --all", hint);
    const target = args.all ? null : (words[0] ?? null);
    const word = payload ? null : (words.at(-1) ?? null);
    const text = word === "-" ? await context.io.readStdin() : word;
    const bus = await context.bus("create");
    const actor = await requireActor(bus, context.asOperator);
    const { project = null, wake = false } = args;
    const request = { target, project, text, payload, channel, priority, replyTo, wake };
    const data = await send(bus, actor, request);
    const toItself = data.messages.some((message) => message.recipient_id === actor.id);
    const warning = { code: "to_itself", message: `${actor.id} wrote to itself` };
    const warnings = toItself ? [warning] : [];
    if (waitsFor === null || data.messages.length === 0) return { ...answer(data), warnings };
    const states = await awaitState(bus, data, waitsFor, timeout);
    const replies = states.replies?.map((reply) => reply.id) ?? [];
    return {
      ...answer(states),
      warnings,
      // A reply that was shown here is delivered, so that the inbox does not show it as new.
      afterFlush: async () => {
        if (replies.length > 0)
          await bus.store.markDelivered(actor.id, replies, "wait", bus.clock.now());
      },
    };
  },
});

const answer = (data: SendResult): Answer => ({
  data,
  view: async (style) => (await import("../render/message")).messageView(data, style),
});

const hint = 'write parley message TARGET "text", or parley message --all "text"; quote the text';

function usageProblem(all: boolean, payload: boolean, words: number): string {
  if (payload)
    return all ? "--all with --payload takes no text" : "--payload takes a target and no text";
  if (all) return words === 0 ? "The text is missing" : "--all takes only the text, no target";
  return words === 0 ? "The target and the text are missing" : "The text is missing";
}
