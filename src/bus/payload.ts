/** What a message may carry. */
import { ParleyError } from "./errors";
import { maxMessageBytes } from "./message";

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
