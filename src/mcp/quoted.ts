import { defused } from "../bus/framing";

/**
 * What another session wrote, for a model to read: each line behind `> `, so that no text can end the quotation, and
 * without what would make it look like somebody else's. Cut to `limit` characters.
 */
export function quoted(text: string, limit: number): string {
  const characters = [...defused(text)];
  const kept =
    characters.length <= limit ? characters.join("") : `${characters.slice(0, limit).join("")}…`;
  return kept.replace(/^/gm, "> ").replace(/^> $/gm, ">");
}
