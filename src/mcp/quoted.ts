/** C0 but tab and newline, DEL, C1, bidirectional controls, invisible characters and tags, separators. */
const hidden =
  /[^\P{Cc}\t\n]|[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e0fff}]/gu;

/** Markup by which clients tell a model who is speaking: `<system-reminder>`, `<hook_prompt …>`, `</user>`. */
const speakers =
  /<(?=\s*\/?\s*(?:system|user|assistant|developer|human|tool|function|hook|skill|antml|parley)\b|\s*\/?\s*(?:system|hook|tool|function|user)[-_])/giu;

const clean = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, "\n").replace(hidden, "").replace(speakers, "‹");

/**
 * What another session wrote, for a model to read: each line behind `> `, so that no text can end the quotation, and
 * without what would make it look like somebody else's. Cut to `limit` characters.
 */
export function quoted(text: string, limit: number): string {
  const characters = [...clean(text).replace(/\n+$/, "")];
  const kept =
    characters.length <= limit ? characters.join("") : `${characters.slice(0, limit).join("")}…`;
  return kept.replace(/^/gm, "> ").replace(/^> $/gm, ">");
}

/** A name, path or task of another session on one line, cut to 200 characters. */
export function named(text: string): string {
  const characters = [...clean(text).replace(/[\n\t]+/g, " ")];
  return characters.length <= 200 ? characters.join("") : `${characters.slice(0, 199).join("")}…`;
}
