/** Unread messages. */
import type { Alert } from "../bus/alert";
import type { Message } from "../bus/message";
import { count } from "./format";
import { messageBlock, priorityLabel } from "./message-block";
import { type Style, paint, title } from "./style";
import { oneLine } from "./text";

/**
 * The unread messages of the dashboard; nothing where there are none. `total` may exceed the ones listed; alerts that
 * stand in their own section (`above`) are counted, but not repeated.
 */
export function unreadSection(
  style: Style,
  messages: Message[],
  total: number,
  above: Alert[],
): string[] {
  const repeated = new Set(above.map(({ id }) => id));
  if (messages.length === 0) return [];
  return [
    "**Unread Messages:**",
    ...channels(messages).map((line) => `- ${line}`),
    ...messages
      .filter(({ id }) => !repeated.has(id))
      .flatMap((message) => {
        const [heading = "", ...text] = messageBlock(style, message, false, "  ");
        return [`- ${heading}`, ...text];
      }),
    ...(total > messages.length ? [`- +${total - messages.length} more`] : []),
  ];
}

/** `--unread` */
export function unreadView(style: Style, messages: Message[], precise: boolean): string[] {
  const head = title(style, "Unread Messages");
  if (messages.length === 0) return [...head, "No unread messages."];
  return [
    ...head,
    count(messages.length, "unread message"),
    ...channels(messages).map((line) => paint(style, "dim", line)),
    ...messages.flatMap((message) => ["", ...messageBlock(style, message, precise)]),
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
