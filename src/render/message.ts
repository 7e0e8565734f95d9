import type { Message, operatorId, SendResult } from "../bus/message";
import type { Outlook } from "../bus/rouse";
import { letter, messageText, priorityLabel } from "./letter";
import { type Look, paint } from "./look";
import { oneLine, shorten } from "./text";
import { correspondent, project } from "./who";

/** Longest text that an answer repeats to its own sender, in characters. */
export const echoLength = 200;

export function render(data: SendResult, look: Look): string[] {
  const [first] = data.messages;
  if (first === undefined) return ["Broadcast sent to 0 session(s)"];
  const { replies = [] } = data;
  const [outlook] = data.outlooks;
  if (first.message_type === "broadcast")
    return [...broadcast(data, first), ...answers(replies, look)];
  return [
    ...(data.queued ? queued(data, first, look) : direct(first, outlook, look)),
    ...answers(replies, look),
  ];
}

/** The human's mailbox. The type keeps it equal to the rules' name, which `render` may not import. */
const operator: typeof operatorId = "operator";

/** The replies that were waited for. */
const answers = (replies: Message[], look: Look): string[] =>
  replies.flatMap((reply) => ["", ...letter(look, reply)]);

const direct = (message: Message, outlook: Outlook | undefined, look: Look): string[] => [
  `Message sent to ${oneLine(message.recipient_id ?? "")}`,
  ...contents(message),
  `Status: ${message.status}${message.status === "pending" ? " (awaiting delivery)" : ""}`,
  ...(message.status === "pending" ? expected(message, outlook, look) : []),
];

/** Where nothing brings it to the recipient, how that reads it. */
function expected({ recipient_id }: Message, outlook: Outlook | undefined, look: Look): string[] {
  if (outlook && shown.has(outlook.expect)) return [oneLine(`${recipient_id} ${outlook.says}`)];
  return [
    "The recipient will see this message via:",
    ...(recipient_id === operator
      ? [look.command("status", "--as operator"), look.command("inbox", "--as operator")]
      : [look.command("status", "--unread"), look.command("inbox")]),
  ];
}

const shown: ReadonlySet<Outlook["expect"]> = new Set(["woken", "turn", "prompt"]);

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

const queued = ({ active_sessions }: SendResult, message: Message, look: Look): string[] => [
  paint(
    look,
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
