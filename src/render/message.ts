/** View of `message`. */
import type { Message, operatorId, SendResult } from "../bus/message";
import type { DeliveryForecast } from "../bus/wake-recipient";
import { messageBlock, messageText, priorityLabel } from "./message-block";
import { type Style, paint } from "./style";
import { oneLine, shorten } from "./text";
import { correspondent, project } from "./labels";

/** Longest text that an answer repeats to its own sender, in characters. */
export const echoLength = 200;

export function render(data: SendResult, style: Style): string[] {
  const [first] = data.messages;
  if (first === undefined) return ["Broadcast sent to 0 session(s)"];
  const { replies = [] } = data;
  const [outlook] = data.outlooks;
  if (first.message_type === "broadcast")
    return [...broadcast(data, first), ...answers(replies, style)];
  return [
    ...(data.queued ? queued(data, first, style) : direct(first, outlook, style)),
    ...answers(replies, style),
  ];
}

/** The human's mailbox. The type keeps it equal to the rules' name, which `render` may not import. */
const operator: typeof operatorId = "operator";

/** The replies that were waited for. */
const answers = (replies: Message[], style: Style): string[] =>
  replies.flatMap((reply) => ["", ...messageBlock(style, reply)]);

const direct = (
  message: Message,
  outlook: DeliveryForecast | undefined,
  style: Style,
): string[] => [
  `Message sent to ${oneLine(message.recipient_id ?? "")}`,
  ...contents(message),
  `Status: ${message.status}${message.status === "pending" ? " (awaiting delivery)" : ""}`,
  ...(message.status === "pending" ? expected(message, outlook, style) : []),
];

/** Where nothing brings it to the recipient, how that reads it. */
function expected(
  { recipient_id }: Message,
  outlook: DeliveryForecast | undefined,
  style: Style,
): string[] {
  if (outlook && shown.has(outlook.expect)) return [oneLine(`${recipient_id} ${outlook.says}`)];
  return [
    "The recipient will see this message via:",
    ...(recipient_id === operator
      ? [style.command("status", "--as operator"), style.command("inbox", "--as operator")]
      : [style.command("status", "--unread"), style.command("inbox")]),
  ];
}

const shown: ReadonlySet<DeliveryForecast["expect"]> = new Set(["woken", "turn", "prompt"]);

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
      const { expect, says } = outlooks[index] ?? {};
      const when = expect && shown.has(expect) ? `, ${oneLine(says ?? "")}` : "";
      return `${session ? correspondent(session) : oneLine(recipient_id ?? "")} — ${status}${when}`;
    }),
  ];
}

const queued = ({ active_sessions }: SendResult, message: Message, style: Style): string[] => [
  paint(
    style,
    "yellow",
    `WARNING: Session '${oneLine(message.recipient_id ?? "")}' not found in active sessions.`,
  ),
  "Active sessions:",
  ...(active_sessions.length > 0
    ? active_sessions.map(
        (session) =>
          `${correspondent(session)} — ${project(session.project_id)}${session.name === null ? "" : `, called ${oneLine(session.name)}`}`,
      )
    : ["(none)"]),
  "Message sent anyway (will be available when session registers).",
];

const contents = (message: Message): string[] => [
  `Channel: ${oneLine(message.channel)}`,
  `Priority: ${message.priority} (${priorityLabel(message.priority)})`,
  `Content: "${shorten(oneLine(messageText(message)), echoLength)}"`,
];
