/** Foreign text for a model to read. */
import { sanitize } from "../bus/untrusted-text";

/**
 * What another session wrote, for a model to read: each line behind `> `, so that no text can end the quotation, and
 * without what would make it look like somebody else's. Cut to `limit` characters.
 */
export function quoteForModel(text: string, limit: number): string {
  const characters = [...sanitize(text)];
  const kept =
    characters.length <= limit ? characters.join("") : `${characters.slice(0, limit).join("")}…`;
  return kept.replace(/^/gm, "> ").replace(/^> $/gm, ">");
}
