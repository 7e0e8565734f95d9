/** Inputs for property tests of the command line, and the check that every answer must pass. */
import * as fc from "fast-check";

import { exitCodes } from "../../src/bus/errors";

/** Whether long runs were requested by PARLEY_TEST_LONG=1. */
export const long = process.env["PARLEY_TEST_LONG"] === "1";

/** Options for a number of examples with a fixed seed; in a long run fifty times as many, with a new seed every time. */
export const examples = (count: number) => ({
  numRuns: long ? count * 50 : count,
  ...(long ? {} : { seed: 20260211 }),
  endOnFailure: true,
});

const controls = [
  "\x1b[2J",
  "\x1b]0;title\x07",
  "\x1b]52;c;aGk=\x07",
  "\x9b31m",
  "\x1bPq\x1b\\",
  "\r",
  "\n",
  "\t",
  "\x08",
  "\x7f",
  "\u202e",
  "\u2028",
  "\u2066",
  "\ufeff",
  "\u200b",
  "\ud800",
];
const words = [
  "",
  " ",
  "-",
  "--",
  "#",
  "###",
  "`",
  "```",
  "<!--",
  "'",
  '"',
  "\\",
  "/",
  "..",
  "%s",
  "$(id)",
  ";",
  "*",
  "👋",
  "漢字",
  "null",
  "operator",
];

/** Any text, with more sequences that act on terminals, shells, Markdown and paths than chance would bring. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...controls),
      fc.constantFrom(...words),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ maxLength: 12 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(""));

/** Characters that must not reach a terminal: controls except newline and tab, bidirectional controls, line separators. */
const unsafe = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

const documented = new Set<number>([0, ...Object.values(exitCodes)]);

/** `well`, or the problem with an answer. `said`: diagnostics before they are cleaned on their way to stderr. */
export function problemOf(
  { exitCode, stdout, diagnostics }: { exitCode: number; stdout: string; diagnostics: string },
  json: boolean,
): string {
  const all = stdout + diagnostics;
  if (!documented.has(exitCode)) return `exit code ${exitCode}`;
  if (/parley hit a bug|^\s+at .*:\d+/m.test(all)) return `crashed: ${all.slice(0, 600)}`;
  const control = unsafe.exec(stdout)?.[0];
  if (control !== undefined)
    return `${JSON.stringify(control)} in ${JSON.stringify(stdout.slice(0, 600))}`;
  if (!json) return "well";
  for (const line of stdout.split("\n").slice(0, -1)) JSON.parse(line);
  return "well";
}
