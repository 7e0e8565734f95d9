/** Colours, titles and rules, and how commands are named to the reader. */

/**
 * A command as the reader would type it: `command("status", "--alerts")` is `parley status --alerts`, or
 * `/session-status --alerts` for a caller that used a seed's name.
 */
export type Vocabulary = (verb: string, rest?: string) => string;

/** How an answer is shown: what the terminal can do and how this program was called. */
export interface Style {
  color: boolean;
  /** Columns of the terminal. */
  width: number;
  /** The user's home directory, shown as `~`; null where it is unknown. */
  home: string | null;
  command: Vocabulary;
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39] } as const;

/** `text` with a colour or weight where the style has colours, else as it is. */
export function paint(style: Style, effect: keyof typeof codes, text: string): string {
  const [on, off] = codes[effect];
  return style.color ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/** Title and rule that every view begins with. */
export const title = (style: Style, text: string): string[] => [paint(style, "bold", text), rule];

export const rule = "=".repeat(50);

/** Red for critical, yellow for high, plain for the rest. */
export function paintPriority(style: Style, priority: number, text: string): string {
  if (priority >= 3) return paint(style, "red", text);
  return priority === 2 ? paint(style, "yellow", text) : text;
}
