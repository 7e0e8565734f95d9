/** Form of `publish`. */
import type { PublishResult } from "../bus/message";
import { messageText, priorityLabel } from "./message-block";
import { echoLength } from "./message";
import { oneLine, shorten } from "./text";

export const render = ({ message }: PublishResult): string[] => [
  `Published on ${oneLine(message.channel)}: #${message.id}`,
  `Priority: ${message.priority} (${priorityLabel(message.priority)})`,
  `Content: "${shorten(oneLine(messageText(message)), echoLength)}"`,
  `Expires: ${message.expires_at}`,
];
