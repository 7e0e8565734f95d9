/** View of `inbox`. */
import type { InboxResult } from "../bus/message";
import { messageBlock } from "./message-block";
import { type Style, paint, title } from "./style";

export function render({ messages, remaining }: InboxResult, style: Style): string[] {
  if (messages.length === 0 && remaining === 0) return ["No messages."];
  return [
    ...title(style, "Inbox"),
    ...messages.flatMap((message, index) => [
      ...(index > 0 ? [""] : []),
      ...messageBlock(style, message),
    ]),
    ...(remaining > 0 ? ["", paint(style, "dim", `+${remaining} more unread`)] : []),
  ];
}
