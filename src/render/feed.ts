import type { FeedResult } from "../bus/message";
import { letter } from "./letter";
import { type Look, title } from "./look";
import { oneLine } from "./text";

/** Messages of everybody, each with whom it was meant for. */
export function render({ messages }: FeedResult, look: Look): string[] {
  if (messages.length === 0) return [...title(look, "Bus Messages"), "No messages."];
  return [
    ...title(look, "Bus Messages"),
    ...messages.flatMap((message) => {
      const [heading = "", ...text] = letter(look, message);
      const to = message.recipient_id === null ? "" : ` to ${oneLine(message.recipient_id)}`;
      return [`${heading}${to}`, ...text];
    }),
  ];
}
