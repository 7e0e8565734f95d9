/** Renders unread messages: `inbox`, `read`, and their parts of the dashboard. */
import type { Alert } from "../bus/alert";
import type { InboxResult, Message, ReadResult } from "../bus/message";
import type { Dashboard } from "../bus/status";
import { count } from "../bus/text";
import { priorityLabel } from "./format";
import { messageBlock } from "./message";
import { paint, paintPriority, type Style, title } from "./style";
import { oneLine } from "./text";

export function inboxView({ messages, remaining }: InboxResult, style: Style): string[] {
  if (messages.length === 0 && remaining === 0) return ["No messages."];
  return [
    ...title(style, "Inbox"),
    ...messages.flatMap((message, index) => [
      ...(index > 0 ? [""] : []),
      ...messageBlock(message, style),
    ]),
    ...(remaining > 0 ? ["", paint(style, "dim", `+${remaining} more unread`)] : []),
  ];
}

export const readView = ({ read }: ReadResult): string[] =>
  read.length === 0
    ? ["Nothing was unread."]
    : [`Marked ${count(read.length, "message")} read: ${read.map((id) => `#${id}`).join(", ")}`];

/**
 * The unread messages of the dashboard; nothing where there are none. `total` may exceed the ones listed; alerts that
 * stand in their own section (`listed`) are counted, but not repeated.
 */
export function unreadSection(
  messages: Message[],
  style: Style,
  total: number,
  listed: Alert[],
): string[] {
  const repeated = new Set(listed.map(({ id }) => id));
  if (messages.length === 0) return [];
  return [
    "**Unread Messages:**",
    ...channels(messages).map((line) => `- ${line}`),
    ...messages
      .filter(({ id }) => !repeated.has(id))
      .flatMap((message) => {
        const [heading = "", ...text] = messageBlock(message, style, false, "  ");
        return [`- ${heading}`, ...text];
      }),
    ...(total > messages.length ? [`- +${total - messages.length} more`] : []),
  ];
}

/** `--unread` */
export function unreadList(messages: Message[], style: Style, precise: boolean): string[] {
  const head = title(style, "Unread Messages");
  if (messages.length === 0) return [...head, "No unread messages."];
  return [
    ...head,
    count(messages.length, "unread message"),
    ...channels(messages).map((line) => paint(style, "dim", line)),
    ...messages.flatMap((message) => ["", ...messageBlock(message, style, precise)]),
  ];
}

/** `coordination: 2 (highest priority 3/critical)`, the channel with the most urgent message first. */
const channels = (messages: Message[]): string[] =>
  [...Map.groupBy(messages, ({ channel }) => channel)]
    .map(([channel, group]) => ({
      channel,
      n: group.length,
      top: Math.max(...group.map((m) => m.priority)),
    }))
    .toSorted((a, b) => b.top - a.top || b.n - a.n)
    .map(
      ({ channel, n, top }) =>
        `${oneLine(channel)}: ${n} (highest priority ${top}/${priorityLabel(top)})`,
    );

/** What waits for the operator, above all else on the dashboard; nothing where nothing waits. */
export function operatorSection(
  { alerts, operator_unread, this_session }: Dashboard,
  style: Style,
): string[] {
  const critical = alerts.filter(({ priority }) => priority >= 3);
  // A session has critical alerts in its own list; the operator's unread mail is shown to both.
  if (operator_unread === 0 && (critical.length === 0 || this_session !== null)) return [];
  const waits = [
    operator_unread > 0 &&
      `${count(operator_unread, "unread message")} (${style.command("inbox", "--as operator")})`,
    critical.length > 0 &&
      `${count(critical.length, "critical alert")} (${style.command("status", "--alerts")})`,
  ].filter((each) => each !== false);
  return [
    paintPriority(style, critical.length > 0 ? 3 : 2, `**For the operator:** ${waits.join(", ")}`),
  ];
}
