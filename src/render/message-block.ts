/** A message in words. */
import type { Message, priorityLabels } from "../bus/message";
import { time } from "./format";
import { type Style, paint, paintPriority } from "./style";
import { oneLine, blockQuote } from "./text";

// The type keeps it equal to the rules' list, which `render` may not import.
const labels: typeof priorityLabels = ["routine", "normal", "high", "critical"];

/** `high` for 2; the number itself where it is none of ours. */
export const priorityLabel = (priority: number): string => labels[priority] ?? String(priority);

/** What a message says: its text; an alert in words; otherwise the payload. */
export function messageText({ payload, message_type, channel }: Message): string {
  const { message, sessions, resource, action } = payload;
  if (typeof message === "string") return message;
  const isAlert = channel === "operator_alert" && isTexts(sessions) && typeof resource === "string";
  if (!isAlert) return JSON.stringify(payload);
  const advice = typeof action === "string" ? ` — ${action}` : "";
  return `${message_type}: ${sessions.join(" + ")} on ${resource}${advice}`;
}

/** Anything else may stand where another program wrote an alert, and some of it cannot be joined. */
export const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** `#12 [HIGH] from codex-41200 on coordination — 2026-02-11T00:31:37Z (reply to #9)` and the text, quoted whole. */
export function messageBlock(
  style: Style,
  message: Message,
  precise = false,
  indent = "",
): string[] {
  const { id, priority, sender_id, channel, created_at, reply_to } = message;
  const label = paintPriority(style, priority, `[${priorityLabel(priority).toUpperCase()}]`);
  const origin = `from ${oneLine(sender_id)} on ${oneLine(channel)} — ${time(created_at, precise)}`;
  const reply = reply_to === null ? "" : paint(style, "dim", ` (reply to #${reply_to})`);
  return [`#${id} ${label} ${origin}${reply}`, ...blockQuote(messageText(message), indent)];
}
