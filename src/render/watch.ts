/** Form of one message in a stream. */
import type { Message } from "../bus/message";
import { messageBlock } from "./message-block";
import type { Style } from "./style";
import { oneLine } from "./text";

/** One message of a stream. */
export function render(message: Message, style: Style): string[] {
  const [heading = "", ...text] = messageBlock(style, message);
  const to = message.recipient_id === null ? "" : ` to ${oneLine(message.recipient_id)}`;
  return [`${heading}${to}`, ...text];
}
