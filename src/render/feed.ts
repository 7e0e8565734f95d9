import type { FeedResult } from "../bus/message";
import { type Look, title } from "./look";
import { render as one } from "./watch";

/** Messages of everybody, each with whom it was meant for. */
export function render({ messages }: FeedResult, look: Look): string[] {
  if (messages.length === 0) return [...title(look, "Bus Messages"), "No messages."];
  return [...title(look, "Bus Messages"), ...messages.flatMap((message) => one(message, look))];
}
