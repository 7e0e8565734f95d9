import type { InboxResult } from "../bus/message";
import { letter } from "./letter";
import { type Look, paint, title } from "./look";

export function render({ messages, remaining }: InboxResult, look: Look): string[] {
  if (messages.length === 0 && remaining === 0) return ["No messages."];
  return [
    ...title(look, "Inbox"),
    ...messages.flatMap((message, index) => [...(index > 0 ? [""] : []), ...letter(look, message)]),
    ...(remaining > 0 ? ["", paint(look, "dim", `+${remaining} more unread`)] : []),
  ];
}
