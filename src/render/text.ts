/** Makes text from elsewhere safe to print, and shortens paths. */
import type { Vocabulary } from "./style";

/**
 * Characters that act on a terminal or on the order of the text instead of being shown: C0, DEL, C1, the
 * bidirectional controls, and the separators that some terminals take for newlines.
 */
export const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * Complete escape sequences: CSI, then OSC and its like up to their terminator, then two-byte ones. None reaches beyond
 * the beginning of another, so that a text of nothing but beginnings takes no longer than any other.
 */
const sequences =
  // oxlint-disable-next-line no-control-regex
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]P_^X]|[\x9d\x90\x9f\x9e\x98])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-Z\\^-~]/g;

/**
 * Text from elsewhere, made safe to print. Escape sequences go; other control characters are made visible, so that
 * nothing is hidden by them. Newlines and tabs stay.
 */
export const clean = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n/g, "\n")
    .replace(sequences, "")
    .replace(unsafe, (character) =>
      character === "\n" || character === "\t" ? character : visible(character),
    );

function visible(character: string): string {
  const unit = character.charCodeAt(0);
  if (unit < 0x20) return String.fromCharCode(0x2400 + unit);
  return unit === 0x7f ? "\u2421" : `\\u${unit.toString(16).padStart(4, "0")}`;
}

/** The same on one line: newlines show as `⏎`. */
export const oneLine = (text: string): string =>
  clean(text).replace(/\n/g, "⏎").replace(/\t/g, " ");

/** Lines of text from elsewhere, each behind a mark that sets it apart from parley's own words. */
export const blockQuote = (text: string, indent = ""): string[] =>
  clean(text)
    .replace(/(?<!\n)\n+$/, "")
    .split("\n")
    .map((line) => `${indent}> ${line}`.trimEnd());

/** A Markdown code span that no backtick in the value can end. */
export function code(value: string): string {
  const text = oneLine(value);
  if (!text.includes("`")) return `\`${text}\``;
  const longest = Math.max(...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence} ${text} ${fence}`;
}

/** `text` cut to `length` characters, the last of them `…`. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

/** `~/…` for a path below the home directory. */
export function shortPath(path: string, home: string | null): string {
  const root = home?.replace(/[/\\]+$/, "");
  const inside =
    root && (path === root || path.startsWith(`${root}/`) || path.startsWith(`${root}\\`));
  return oneLine(inside ? `~${path.slice(root.length)}` : path);
}

/** The last part of a path; a named resource (`res:port/3000`) whole. */
export const baseName = (path: string): string =>
  oneLine(
    path.startsWith("res:") ? path : (path.split(/[/\\]/).findLast((part) => part !== "") ?? path),
  );

/** The lines of a view as text that ends in a newline; empty for a view without lines. */
export const joinLines = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : `${lines.join("\n")}\n`;

/** Rewords a hint or a remedy, which names commands as `parley VERB`, in the reader's vocabulary. */
export const inWordsOf = (command: Vocabulary, text: string): string =>
  text.replace(/\bparley ([a-z]+)/g, (_, verb: string) => command(verb));
