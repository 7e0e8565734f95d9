/** Renders messages: one as a block, and the answers of `message`, `publish`, `feed` and `watch`. */
import { isAlert } from "../bus/alert";
import {
  type FeedResult,
  type Message,
  operatorId,
  type PublishResult,
  type SendResult,
  type SentMessage,
  type SentResult,
} from "../bus/message";
import type { DeliveryForecast } from "../bus/wake-recipient";
import { count } from "../bus/text";
import { priorityLabel, time } from "./format";
import { correspondentLabel, projectLabel } from "./session";
import { paint, paintPriority, type Style, title } from "./style";
import { blockQuote, oneLine, shorten } from "./text";

/** Longest text that an answer repeats to its own sender, in characters. */
const maxEchoed = 200;

/** What a message says: its text; an alert in words; otherwise the payload. */
export function messageText(message: Message): string {
  const { payload, message_type } = message;
  if (typeof payload["message"] === "string") return payload["message"];
  if (!isAlert(message)) return JSON.stringify(payload);
  const { sessions, resource, action } = message.payload;
  const advice = typeof action === "string" ? ` — ${action}` : "";
  return `${message_type}: ${sessions.join(" + ")} on ${resource}${advice}`;
}

const echo = (message: Message): string => shorten(oneLine(messageText(message)), maxEchoed);

/** `#12 [HIGH] from codex-41200 on coordination — 2026-02-11T00:31:37Z (reply to #9)` and the text, quoted whole. */
export function messageBlock(
  message: Message,
  style: Style,
  precise = false,
  indent = "",
): string[] {
  const { id, priority, sender_id, channel, created_at, reply_to } = message;
  const label = paintPriority(style, priority, `[${priorityLabel(priority).toUpperCase()}]`);
  const origin = `from ${oneLine(sender_id)} on ${oneLine(channel)} — ${time(created_at, precise)}`;
  const reply = reply_to === null ? "" : paint(style, "dim", ` (reply to #${reply_to})`);
  return [`#${id} ${label} ${origin}${reply}`, ...blockQuote(messageText(message), indent)];
}

/** `message`, with the replies that were waited for. */
export function messageView(data: SendResult, style: Style): string[] {
  const [first] = data.messages;
  if (first === undefined) return ["Broadcast sent to 0 session(s)"];
  const sent =
    first.message_type === "broadcast"
      ? broadcast(data, first)
      : data.queued
        ? queued(data, first, style)
        : direct(first, data.outlooks[0], style);
  const replies = data.replies ?? [];
  return [...sent, ...replies.flatMap((reply) => ["", ...messageBlock(reply, style)])];
}

const direct = (
  message: Message,
  forecast: DeliveryForecast | undefined,
  style: Style,
): string[] => [
  `Message sent to ${oneLine(message.recipient_id ?? "")}`,
  ...contents(message),
  `Status: ${message.status}${message.status === "pending" ? " (awaiting delivery)" : ""}`,
  ...(message.status === "pending" ? expected(message, forecast, style) : []),
];

/** How the message reaches its recipient; where nothing brings it there, how the recipient reads it. */
function expected(
  { recipient_id }: Message,
  forecast: DeliveryForecast | undefined,
  style: Style,
): string[] {
  if (isBrought(forecast)) return [oneLine(`${recipient_id} ${forecast.says}`)];
  return [
    "The recipient will see this message via:",
    ...(recipient_id === operatorId
      ? [style.command("status", "--as operator"), style.command("inbox", "--as operator")]
      : [style.command("status", "--unread"), style.command("inbox")]),
  ];
}

/** Whether something shows the message to its recipient, who need not look for it. */
const isBrought = (forecast: DeliveryForecast | undefined): forecast is DeliveryForecast =>
  forecast !== undefined && ["woken", "turn", "prompt"].includes(forecast.expect);

function broadcast(
  { messages, recipient_sessions, outlooks }: SendResult,
  first: Message,
): string[] {
  const known = new Map(recipient_sessions.map((session) => [session.session_id, session]));
  return [
    `Broadcast sent to ${messages.length} session(s)`,
    ...contents(first),
    "Recipients:",
    ...messages.map(({ recipient_id, status }, index) => {
      const session = known.get(recipient_id ?? "");
      const forecast = outlooks[index];
      const when = isBrought(forecast) ? `, ${oneLine(forecast.says)}` : "";
      return `${session ? correspondentLabel(session) : oneLine(recipient_id ?? "")} — ${status}${when}`;
    }),
  ];
}

const notFound = (id: string): string => `Session '${oneLine(id)}' not found in active sessions.`;

const queued = ({ active_sessions }: SendResult, message: Message, style: Style): string[] => [
  paint(style, "yellow", `WARNING: ${notFound(message.recipient_id ?? "")}`),
  "Active sessions:",
  ...(active_sessions.length > 0
    ? active_sessions.map(
        (session) =>
          `${correspondentLabel(session)} — ${projectLabel(session.project_id)}${session.name === null ? "" : `, called ${oneLine(session.name)}`}`,
      )
    : ["(none)"]),
  "Message sent anyway (will be available when session registers).",
];

const contents = (message: Message): string[] => [
  `Channel: ${oneLine(message.channel)}`,
  `Priority: ${message.priority} (${priorityLabel(message.priority)})`,
  `Content: "${echo(message)}"`,
];

/** `message --sent`; `withTimes` adds when each state was reached, or how long the message waits. */
export function sentView(
  { messages, totals }: SentResult,
  style: Style,
  withTimes: boolean,
): string[] {
  const { pending, delivered, read } = totals;
  const states = `${pending} pending, ${delivered} delivered, ${read} read`;
  return [
    ...title(style, "Sent Messages (last 10)"),
    ...messages.map((message) => {
      const to = `${oneLine(message.recipient_id ?? "")} ${oneLine(message.channel)}`;
      const line = `${time(message.created_at)} ${to} "${echo(message)}" ${message.status}`;
      return line + (withTimes ? paint(style, "dim", times(message)) : "");
    }),
    `Total: ${count(pending + delivered + read, "sent message")} (${states})`,
  ];
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

export const publishView = ({ message }: PublishResult): string[] => [
  `Published on ${oneLine(message.channel)}: #${message.id}`,
  `Priority: ${message.priority} (${priorityLabel(message.priority)})`,
  `Content: "${echo(message)}"`,
  `Expires: ${message.expires_at}`,
];

/** `feed`, `poll` and `cxq --bus-messages`. */
export const feedView = ({ messages }: FeedResult, style: Style): string[] => [
  ...title(style, "Bus Messages"),
  ...(messages.length === 0 ? ["No messages."] : []),
  ...messages.flatMap((message) => streamedMessage(message, style)),
];

/** A message of a stream, which names its recipient. */
export function streamedMessage(message: Message, style: Style): string[] {
  const [heading = "", ...text] = messageBlock(message, style);
  const to = message.recipient_id === null ? "" : ` to ${oneLine(message.recipient_id)}`;
  return [`${heading}${to}`, ...text];
}
