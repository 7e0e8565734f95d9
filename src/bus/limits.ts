/** Limits of what a message, a mailbox, a session and a registration may hold. */
import { ParleyError } from "./errors";
import { maxMessageBytes, operatorId } from "./message";
import type { RegisterRequest } from "./registration-target";
import { sessionIdForm } from "./session";

/**
 * What a message carries: a payload as it is, or the text with its sender. Throws `invalid` for an empty, too large
 * or binary one.
 */
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
    throw new ParleyError(
      "invalid",
      `The message has ${bytes} bytes; the limit is ${maxMessageBytes} (64 KiB)`,
      {
        hint: "put the content into a file and send its path",
        details: { bytes, limit: maxMessageBytes },
      },
    );
  }
  return payload ?? { message: text, from };
}

/** A mailbox that nobody reads must not grow for ever. */
export const fullMailbox = (mailbox: string, most: number): ParleyError =>
  new ParleyError("not_permitted", `The mailbox of ${mailbox} is full: ${most} unread messages`, {
    hint: "nothing was sent; it has room again once its owner reads, or when the messages are past their time",
    details: { session_id: mailbox, limit: most },
  });

/** Nor may what a session holds. */
export const tooMany = (
  session_id: string,
  most: number,
  things: "locks" | "claims",
): ParleyError =>
  new ParleyError("not_permitted", `${session_id} may hold ${most} ${things} at most`, {
    hint:
      things === "locks"
        ? "lock the directory instead, which covers all below it"
        : "release some first",
    details: { session_id, limit: most },
  });

/** `--session-id` or `--name`; throws `invalid`. */
export function checkedId(value: string, option: string): string {
  if (!sessionIdForm.test(value) || value === operatorId) {
    throw new ParleyError("invalid", `${option} cannot be "${value}"`, {
      hint: "use up to 128 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
    });
  }
  return value;
}

export const maxModelLength = 256;

/** What an agent says of itself, which everybody's `status` shows, has so many characters at most. */
const bounds = [
  ["vendor", "--llm", 64],
  ["model", "--model", maxModelLength],
  ["project", "--project", 256],
  ["sessionUuid", "--session-uuid", 256],
  ["cwd", "--cwd", 4096],
] as const;

/** Throws `invalid`. */
export function requireShort(request: RegisterRequest): void {
  for (const [key, option, most] of bounds) {
    if ((request[key]?.length ?? 0) <= most) continue;
    throw new ParleyError("invalid", `${option} takes at most ${most} characters`, {
      details: { argument: option },
    });
  }
}
