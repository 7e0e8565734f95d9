/** How a conversation is continued. */
import type { SessionRecord } from "./session";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-7][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Resumable {
  command: string;
  /** What the vendor's ids look like. Nothing else is put into a command line: another program may have written it. */
  id: RegExp;
}

/**
 * By the vendors' own documentation. Codex numbers its threads with UUIDs of version 7, which one that we made up for
 * want of a conversation id is not.
 */
const vendors: Record<string, Resumable> = {
  claude: { command: "claude --resume", id: uuid },
  codex: { command: "codex resume", id: /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}$/ },
  gemini: { command: "gemini --resume", id: uuid },
  kimi: { command: "kimi --session", id: /^session_[0-9a-f-]{8,64}$/ },
  opencode: { command: "opencode --session", id: /^ses_[0-9A-Za-z]{8,64}$/ },
};

/** The command that continues a session's conversation, to be run in its directory; null where none is known. */
export function resumeCommand({ llm_vendor, session_uuid }: SessionRecord): string | null {
  const vendor = Object.hasOwn(vendors, llm_vendor) ? vendors[llm_vendor] : undefined;
  return vendor && session_uuid !== null && vendor.id.test(session_uuid)
    ? `${vendor.command} ${session_uuid}`
    : null;
}
