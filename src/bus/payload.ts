import { ParleyError } from "./errors";
import { maxMessageBytes } from "./message";

/** The JSON object that an option's text holds; throws `invalid` for anything else. */
export function jsonObject(text: string, option: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ParleyError("invalid", `${option} takes a JSON object`, {
    hint: `for example ${option} '{"task_id":"H.8.1"}'`,
  });
}

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
      hint: 'give its text: parley message TARGET "text", or - to read it from standard input',
    });
  }
  if (text?.includes("\0")) {
    throw new ParleyError("invalid", "The message contains a NUL character", {
      hint: "send binary data as a file and its path as the message",
    });
  }
  const bytes = Buffer.byteLength(text ?? JSON.stringify(payload));
  if (bytes > maxMessageBytes) {
    throw new ParleyError("invalid", `The message has ${bytes} bytes; the limit is ${maxMessageBytes} (64 KiB)`, {
      hint: "put the content into a file and send its path",
      details: { bytes, limit: maxMessageBytes },
    });
  }
  return payload ?? { message: text, from };
}
