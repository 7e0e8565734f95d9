/** The session log: the port, and an entry of it as Markdown. */
export interface LogEntry {
  /** Project whose log it is; null: `unscoped`. */
  project_id: string | null;
  text: string;
  /** Milliseconds since the epoch; the UTC date chooses the file. */
  at: number;
}

/** Port: the session log: one append-only Markdown file for each project, machine and UTC day. */
export interface SessionLog {
  /** Absolute path of the log of that day. */
  path(project_id: string | null, date: string): string;
  /** Appends in one write, making directories as needed; returns the path. Throws `not_permitted`. */
  append(entry: LogEntry): string;
  /** The whole log of a day (`YYYY-MM-DD`), or null where there is none. */
  read(project_id: string | null, date: string): string | null;
}

export interface LogResult {
  path: string;
  /** What was appended, or with `--view` the whole file; null where there is none. */
  entry: string | null;
}

export interface LogNote {
  text: string;
  kind: "issue" | "fix" | "deployed" | null;
  /** Null: the operator. */
  author: Author | null;
  at: Date;
}

export interface Author {
  vendor: string;
  model: string | null;
}

/** Longest title, in characters; a longer first line is cut there and repeated whole in the body. */
const maxTitleLength = 120;

/** C0 but tab and newline, DEL, C1, bidirectional controls, line and paragraph separators. */
const unsafe = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * `### <time> - [FIX] <first line>`, the author, and the other lines as a quotation, so that no heading, fence or markup
 * of the text can pass for the log's own or swallow the entries after it.
 */
export function logEntry({ text, kind, author, at }: LogNote): string {
  const [first = "", ...rest] = text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(unsafe, "")
    .trim()
    .split("\n");
  const characters = [...first];
  const cut = characters.length > maxTitleLength;
  const title = cut ? `${characters.slice(0, maxTitleLength - 1).join("")}…` : first;
  const body = (cut ? [first, ...rest] : rest).join("\n").replace(/^\n+/, "");
  const tag = kind === null ? "" : `[${kind.toUpperCase()}] `;
  return [
    `### ${at.toISOString().replace(/\.\d+Z$/, "Z")} - ${tag}${title}\n`,
    `**Author:** ${authorName(author)}\n`,
    ...(body === "" ? [] : [`${body.replace(/^/gm, "> ").replace(/^> $/gm, ">")}\n`]),
  ].join("\n");
}

/** `Claude (Opus 4.6)` or `Codex (o3)` for a session, `Operator` without a session. */
export function authorName(author: Author | null): string {
  if (author === null) return "Operator";
  const { vendor, model } = author;
  const name = capitalise(vendor) + (model === null ? "" : ` (${modelName(vendor, model)})`);
  return name.replace(unsafe, "").replace(/\n/g, " ");
}

/** `opus-4.6` and `claude-opus-4-6-20260101` both become `Opus 4.6`; words with digits (`o3`) stay as they are. */
const modelName = (vendor: string, model: string): string =>
  (model.startsWith(`${vendor}-`) ? model.slice(vendor.length + 1) : model)
    .replace(/-\d{8}$/, "")
    .replace(/\b(\d{1,2})-(\d{1,2})\b/, "$1.$2")
    .split("-")
    .map((word) => (/^[a-z]+$/.test(word) ? capitalise(word) : word))
    .join(" ");

const capitalise = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
