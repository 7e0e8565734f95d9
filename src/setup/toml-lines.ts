/** Which lines of TOML can begin a table. */

/**
 * Of each line of a valid TOML text, whether it begins outside of any string and array: only there can a table or a key
 * begin, whatever a line inside looks like.
 */
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
