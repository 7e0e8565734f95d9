/** Parses TOML, and finds the lines at which its tables begin and end. */
import { ParleyError } from "../bus/errors";

export type Table = Record<string, unknown>;

/** The comment above parley's tables. Nothing depends on it, since Codex does not always keep it when it rewrites the file. */
export const mark = "# Written by parley setup; parley setup --remove takes it out.";
export const invalidToml = (file: string, what: string, cause?: unknown): ParleyError =>
  new ParleyError("invalid", `${file} ${what}`, {
    hint: "mend it, or write parley's tables yourself; nothing was changed",
    details: { path: file },
    cause,
  });

/** Throws `invalid`. */
export function parseToml(text: string, file: string): Table {
  try {
    return Bun.TOML.parse(text) as Table;
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    throw invalidToml(file, `is not valid TOML: ${reason}`, error);
  }
}

/** The text with tables added at its end, by their lines. */
export function addTables(text: string, tables: readonly (readonly string[])[]): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const added = tables.map((lines, index) =>
    [...(index === 0 ? [mark] : []), ...lines, ""].join(eol),
  );
  const open = text && !text.endsWith("\n") ? eol : "";
  return text + open + (text.trim() ? eol : "") + added.join(eol);
}

/** The lines that are such a table's header. */
export function startsOf(lines: readonly string[], own: RegExp): number[] {
  const top = topLines(lines);
  return lines.flatMap((line, index) => (top[index] && own.test(line.trimEnd()) ? [index] : []));
}

/** The line after a table. Blank lines and comments before it belong to the next table. */
export function tableEnd(lines: readonly string[], start: number): number {
  const next = startsOf(lines, /^[ \t]*\[/).find((index) => index > start) ?? -1;
  let end = next < 0 ? lines.length : next;
  while (end > start + 1 && /^\s*(#.*)?$/.test(lines[end - 1] ?? "")) end--;
  return end;
}

/** For each line of valid TOML, whether it begins outside of strings and arrays: only there can a table or a key begin. */
export function topLines(lines: readonly string[]): boolean[] {
  let open: Multiline | null = null;
  let depth = 0;
  return lines.map((line) => {
    const top = open === null && depth === 0;
    let at = 0;
    while (at < line.length) {
      const [token = ""] = matchAt(open === null ? outside : inside[open], line, at) ?? [];
      at += token.length || 1;
      if (open !== null) {
        // Up to two quotes may stand right before the three that end it.
        if (token.startsWith(open)) open = null;
      } else if (token === '"""' || token === "'''") open = token;
      else if (token === "[" || token === "{") depth++;
      else if (token === "]" || token === "}") depth--;
    }
    return top;
  });
}

type Multiline = '"""' | "'''";

/** A comment, a string, the beginning of one of several lines, a bracket, or anything else. */
const outside = /#.*|"""|'''|"(?:\\.|[^"\\])*"|'[^']*'|[^#"'[\]{}]+|./y;

const inside: Record<Multiline, RegExp> = {
  '"""': /(?:\\.|[^"\\]|"(?!""))+|"{3,5}|./y,
  "'''": /(?:[^']|'(?!''))+|'{3,5}|./y,
};

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}
