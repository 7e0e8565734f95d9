import type { Message } from "../bus/message";
import { letter } from "./letter";
import type { Look } from "./look";
import { oneLine } from "./text";

/** One message of a stream. */
export function render(message: Message, look: Look): string[] {
  const [heading = "", ...text] = letter(look, message);
  const to = message.recipient_id === null ? "" : ` to ${oneLine(message.recipient_id)}`;
  return [`${heading}${to}`, ...text];
}
