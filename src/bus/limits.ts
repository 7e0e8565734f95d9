/** Limits of what a message, a mailbox, a session and a registration may hold. */
import { ParleyError } from "./errors";
import { maxMessageBytes, operatorId } from "./message";
import type { RegisterRequest } from "./registration-target";
import { sessionIdForm } from "./session";

/** The payload as given, or made of the text and its sender. Throws `invalid` for an empty, too large or binary one. */
export function checkedPayload(
  { text, payload }: { text: string | null; payload: Record<string, unknown> | null },
  from: string,
): Record<string, unknown> {
  if (payload === null && !text?.trim()) {
    throw new ParleyError("invalid", "The message is empty", {
      hint: "give its text, or - to read it from standard input",
    });
  }
  if (text?.includes("\0")) {
    throw new ParleyError("invalid", "The message contains a NUL character", {
      hint: "send binary data as a file and its path as the message",
    });
  }
  const bytes = Buffer.byteLength(text ?? JSON.stringify(payload));
  if (bytes > maxMessageBytes) {
    const message = `The message has ${bytes} bytes; the limit is ${maxMessageBytes} (64 KiB)`;
    throw new ParleyError("invalid", message, {
      hint: "put the content into a file and send its path",
      details: { bytes, limit: maxMessageBytes },
    });
  }
  return payload ?? { message: text, from };
}

/** The error for a full mailbox: one that is never read must not grow for ever. */
export const fullMailbox = (mailbox: string, max: number): ParleyError =>
  new ParleyError("not_permitted", `The mailbox of ${mailbox} is full: ${max} unread messages`, {
    hint: "nothing was sent; it has room again once its owner reads, or when the messages are past their time",
    details: { session_id: mailbox, limit: max },
  });

export const tooMany = (session_id: string, max: number, things: "locks" | "claims"): ParleyError =>
  new ParleyError("not_permitted", `${session_id} may hold ${max} ${things} at most`, {
    hint:
      things === "locks"
        ? "lock the directory instead, which covers all below it"
        : "release some first",
    details: { session_id, limit: max },
  });

/** Checks the value of `--session-id` or `--name`; throws `invalid`. */
export function checkedId(value: string, option: string): string {
  if (!sessionIdForm.test(value) || value === operatorId) {
    throw new ParleyError("invalid", `${option} cannot be "${value}"`, {
      hint: "use up to 128 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
    });
  }
  return value;
}

export const maxModelLength = 256;

/** How many characters the facts of a registration may have: every `status` shows them. */
const maxLengths = [
  ["vendor", "--llm", 64],
  ["model", "--model", maxModelLength],
  ["project", "--project", 256],
  ["sessionUuid", "--session-uuid", 256],
  ["cwd", "--cwd", 4096],
] as const;

/** Throws `invalid`. */
export function requireShort(request: RegisterRequest): void {
  for (const [key, option, max] of maxLengths) {
    if ((request[key]?.length ?? 0) <= max) continue;
    throw new ParleyError("invalid", `${option} takes at most ${max} characters`, {
      details: { argument: option },
    });
  }
}
