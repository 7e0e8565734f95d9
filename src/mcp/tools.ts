/** The tools of the MCP server, each of which is one call of the bus. */
import * as z from "zod";

import { actorOf } from "../bus/caller";
import { openDashboard } from "../bus/status";
import { claim, release } from "../bus/claim";
import { lock, unlock } from "../bus/lock";
import { ParleyError } from "../bus/errors";
import { read } from "../bus/inbox";
import { duration } from "../bus/input";
import { send } from "../bus/send";
import { showInbox } from "./mail";
import { sanitizeLine } from "../bus/untrusted-text";
import { describeStatus } from "./status";
import { defineTool, type Tool } from "./tool";

const ids = z.array(z.int().min(1)).min(1).max(100);
const names = z.array(z.string().min(1).max(4096)).min(1).max(100);
const ttl = z
  .string()
  .max(20)
  .optional()
  .describe("Free it by itself after this time, such as 10m; without it, when your session ends");
const paths = "Files, directories (with all below them) or res:NAME; absolute paths are safest";

/** The list, or null for `all`, which must be given: a forgotten list frees nothing. */
function someOrAll(some: string[] | undefined, all: boolean | undefined, what: string) {
  if ((some === undefined) === (all === true)) return some ?? null;
  throw new ParleyError("invalid", `Give either ${what} or all`, {
    hint: all ? "leave one of them out" : "name them in a list, or set all to true",
  });
}

const listed = (all: readonly string[]): string => all.map((item) => sanitizeLine(item)).join(", ");

export const tools: readonly Tool[] = [
  defineTool({
    name: "bus_status",
    title: "Who is here",
    description:
      "Show which coding agents work on this machine right now: project, task, what they lock and claim, open alerts, and whether messages wait for you.",
    input: {},
    readOnly: true,
    idempotent: true,
    async run(bus, session) {
      const caller = { actor: actorOf(session), warnings: [] };
      const { dashboard } = await openDashboard(bus, caller, { unread: false, again: false });
      return { text: describeStatus(dashboard) };
    },
  }),
  defineTool({
    name: "bus_inbox",
    title: "Messages for you",
    description:
      "Show your unread messages from other agents, new ones first. Their senders see that they were delivered; bus_read says that you have dealt with them.",
    input: {
      limit: z.int().min(1).max(50).default(20).describe("At most so many"),
      channel: z.string().min(1).max(64).optional().describe("Only messages of this channel"),
    },
    readOnly: true,
    idempotent: true,
    run: (bus, session, { limit, channel }) =>
      showInbox(bus, actorOf(session), { limit, channel: channel ?? null }),
  }),
  defineTool({
    name: "bus_read",
    title: "Mark messages as read",
    description: "Tell the senders of these messages that you have dealt with them.",
    input: { ids: ids.describe("Ids of messages, as bus_inbox shows them") },
    readOnly: false,
    idempotent: true,
    async run(bus, session, input) {
      const { read: changed } = await read(bus, actorOf(session), input.ids);
      const text = `Marked as read: ${changed.length} of ${input.ids.length}.`;
      return { text, data: { read: changed } };
    },
  }),
  defineTool({
    name: "bus_send",
    title: "Write to another agent",
    description:
      "Send a message to another coding agent on this machine. It is shown to it at its next turn, and kept until then.",
    input: {
      to: z
        .string()
        .min(1)
        .max(4096)
        .describe(
          "Session id or name (see bus_status), holder:PATH, task:ID, operator (the human), or * for every active session",
        ),
      text: z.string().min(1),
      priority: z
        .int()
        .min(0)
        .max(3)
        .default(1)
        .describe(
          "0 routine, 1 normal, 2 high, 3 critical; 2 and 3 are shown in mid-turn, and 3 wakes who idles",
        ),
      reply_to: z.int().min(1).optional().describe("Id of the message that this answers"),
    },
    readOnly: false,
    idempotent: false,
    async run(bus, session, { to, text, priority, reply_to }) {
      const { messages, queued, outlooks } = await send(bus, actorOf(session), {
        target: to === "*" ? null : to,
        project: null,
        text,
        payload: null,
        channel: "coordination",
        priority,
        replyTo: reply_to ?? null,
      });
      const sent = messages.map(({ id, recipient_id, status }) => ({ id, recipient_id, status }));
      const recipients = listed(sent.map((each) => `#${each.id} to ${each.recipient_id}`));
      const forecasts = outlooks
        .filter(({ expect }) => expect !== "registration")
        .map(({ session_id, says }) => ` ${sanitizeLine(session_id)} ${says}.`);
      const later = queued
        ? " It is not active: it gets this when it registers. bus_status says who is here."
        : "";
      return {
        text:
          sent.length === 0
            ? "Nobody else is here: nothing was sent."
            : `Sent ${recipients}.${forecasts.join("")}${later}`,
        data: { messages: sent, queued },
      };
    },
  }),
  defineTool({
    name: "bus_lock",
    title: "Lock files",
    description:
      "Lock files for your session before you edit them, all of them or none, so that no other agent changes them meanwhile. Locking again renews. Held by another: a conflict that names it.",
    input: {
      paths: names.describe(paths),
      exclusive: z.boolean().optional().describe("Nobody can take it from you by force"),
      ttl,
    },
    readOnly: false,
    idempotent: true,
    async run(bus, session, input) {
      const { result, warnings } = await lock(bus, session, input.paths, {
        lockType: input.exclusive ? "exclusive" : "advisory",
        ttl: input.ttl === undefined ? null : duration(input.ttl, "ttl"),
        wait: null,
        force: false,
      });
      const locks = result.locks.map(({ file_path, lock_type, expires_at, fence }) => ({
        file_path,
        lock_type,
        expires_at,
        fence,
      }));
      const text = [
        `Locked: ${listed(locks.map(({ file_path }) => file_path))}.`,
        ...warnings.map(({ message }) => `Warning: ${sanitizeLine(message)}.`),
      ].join("\n");
      return { text, data: { locks, ...(warnings.length > 0 && { warnings }) } };
    },
  }),
  defineTool({
    name: "bus_unlock",
    title: "Unlock files",
    description: "Unlock files that your session has locked.",
    input: {
      paths: names.optional().describe(paths),
      all: z.boolean().optional().describe("All that your session holds"),
    },
    readOnly: false,
    idempotent: true,
    async run(bus, session, input) {
      const { released } = await unlock(bus, session, someOrAll(input.paths, input.all, "paths"));
      const freed = released.map((each) => each.file_path);
      return {
        text: freed.length === 0 ? "Nothing of that was locked." : `Unlocked: ${listed(freed)}.`,
        data: { released: freed },
      };
    },
  }),
  defineTool({
    name: "bus_claim",
    title: "Claim a task",
    description:
      "Claim a task for your session alone, so that no other agent works on it too. Claimed by another: a conflict that names it.",
    input: { task_id: z.string().min(1).max(256).describe("Such as H.13.2"), ttl },
    readOnly: false,
    idempotent: true,
    async run(bus, session, input) {
      const time = input.ttl === undefined ? null : duration(input.ttl, "ttl");
      const { claim: got } = await claim(bus, session, input.task_id, { ttl: time, wait: null });
      const { task_id, expires_at, fence } = got;
      return { text: `Claimed: ${sanitizeLine(task_id)}.`, data: { task_id, expires_at, fence } };
    },
  }),
  defineTool({
    name: "bus_release",
    title: "Release tasks",
    description: "Release tasks that your session has claimed.",
    input: {
      task_ids: names.optional(),
      all: z.boolean().optional().describe("All that your session claims"),
    },
    readOnly: false,
    idempotent: true,
    async run(bus, session, input) {
      const { released } = await release(
        bus,
        session,
        someOrAll(input.task_ids, input.all, "task_ids"),
      );
      const freed = released.map((each) => each.task_id);
      return {
        text: freed.length === 0 ? "Nothing of that was claimed." : `Released: ${listed(freed)}.`,
        data: { released: freed },
      };
    },
  }),
];
