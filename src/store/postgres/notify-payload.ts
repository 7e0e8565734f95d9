/** What a notice says: whom a commit concerns, and where it fits the message itself. */
import type { Message, MessageQuery } from "../../bus/message";
import type { Recipients } from "../../bus/change-signal";

/** Concerns everybody. Otherwise a notice is the list of the sessions whose mail it is about, or a message. */
const toAll = "*";
/** PostgreSQL takes notices of less than 8000 bytes (NOTIFY). */
const maxBytes = 7900;

export function payloadFor(audience: Recipients): string {
  if (audience === "everyone") return toAll;
  const payload = JSON.stringify(audience);
  return Buffer.byteLength(payload) > maxBytes ? toAll : payload;
}

/** What follows the id in the notice of a message, which the server writes; null where it does not fit. */
export function contentOf({ id: _id, ...message }: Message): string | null {
  const content = `,${JSON.stringify(message).slice(1)}`;
  return Buffer.byteLength(content) > maxBytes ? null : content;
}

/** The notice of a message, in SQL. */
export const messageNotice = `coalesce('{"id":' || m.id || $content::text, $audience)`;

/** How many messages are kept: those that may come between two looks. */
const maxKept = 500;

/**
 * The newest messages as they came with notices, so that a process that waits for them need not ask the server. Their ids
 * have no gap, or something might be missing that was committed without its content being told.
 */
export class NotifyBuffer {
  private messages: Message[] = [];

  /** Takes in a notice; says whom it concerns. One that cannot be read may be a newer program's, and concern anybody. */
  accept(payload: string): Recipients {
    const value = parsed(payload);
    if (!isMessage(value)) {
      // Something was committed that can only be asked for.
      this.clear();
      return Array.isArray(value) ? value.filter((each) => typeof each === "string") : "everyone";
    }
    if (this.messages.at(-1)?.id !== value.id - 1) this.clear();
    this.messages.push(value);
    if (this.messages.length > maxKept) this.messages.shift();
    return value.recipient_id === null ? "everyone" : [value.recipient_id];
  }

  /** Something may have been missed. */
  clear(): void {
    this.messages = [];
  }

  /** All that is known behind a cursor; null where the server has to be asked. */
  after({ since, limit, channels, directed }: MessageQuery, now: string): Message[] | null {
    const [first, last] = [this.messages[0], this.messages.at(-1)];
    if (!first || !last || first.id > since + 1 || last.id <= since) return null;
    return this.messages
      .filter(
        ({ id, channel, recipient_id, expires_at }) =>
          id > since &&
          expires_at > now &&
          (channels === null || channels.includes(channel)) &&
          (recipient_id === null || directed === "all" || directed?.to === recipient_id),
      )
      .slice(0, limit);
  }
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && "id" in value && typeof value.id === "number";
