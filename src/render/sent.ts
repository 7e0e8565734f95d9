/** View of `message --sent`. */
import type { SentMessage, SentResult } from "../bus/message";
import { count, time } from "./format";
import type { ViewOptions } from "./human";
import { messageText } from "./message-block";
import { type Style, paint, title } from "./style";
import { echoLength } from "./message";
import { oneLine, shorten } from "./text";

/** `--status` adds when each state was reached, or how long the message waits. */
export function render(
  { messages, totals }: SentResult,
  style: Style,
  options: ViewOptions,
): string[] {
  const { pending, delivered, read } = totals;
  const states = `${pending} pending, ${delivered} delivered, ${read} read`;
  return [
    ...title(style, "Sent Messages (last 10)"),
    ...messages.map(
      (message) => row(message) + (options["status"] ? paint(style, "dim", times(message)) : ""),
    ),
    `Total: ${count(pending + delivered + read, "sent message")} (${states})`,
  ];
}

function row(message: SentMessage): string {
  const text = shorten(oneLine(messageText(message)), echoLength);
  const to = `${oneLine(message.recipient_id ?? "")} ${oneLine(message.channel)}`;
  return `${time(message.created_at)} ${to} "${text}" ${message.status}`;
}

function times({ delivered_at, read_at, expires_at, wake }: SentMessage): string {
  const steps = [
    wake &&
      `rung ${time(wake.at)} by ${wake.way}: ${wake.outcome}${wake.reason === null ? "" : `, ${shorten(oneLine(wake.reason), 80)}`}`,
    delivered_at && `delivered ${time(delivered_at)}`,
    read_at && `read ${time(read_at)}`,
    !delivered_at && !read_at && `expires ${time(expires_at)}`,
  ];
  return ` (${steps.filter((step) => step).join(", ")})`;
}
