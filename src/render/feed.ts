/** Messages of everybody. */
import type { FeedResult } from "../bus/message";
import { type Style, title } from "./style";
import { render as one } from "./watch";

/** Messages of everybody, each with whom it was meant for. */
export function render({ messages }: FeedResult, style: Style): string[] {
  if (messages.length === 0) return [...title(style, "Bus Messages"), "No messages."];
  return [...title(style, "Bus Messages"), ...messages.flatMap((message) => one(message, style))];
}
