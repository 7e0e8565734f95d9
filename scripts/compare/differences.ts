/** What two records of the same story have not in common. */
import { createTwoFilesPatch } from "diff";

import type { Entry } from "./stage";

export interface Difference {
  /** Which entry and part it is: the same in every attempt. */
  key: string;
  label: string;
  part: string;
  old: string;
  new: string;
}

/** Lines of a diff that are printed. */
const longest = 60;

export function differences(old: readonly Entry[], now: readonly Entry[]): Difference[] {
  const found: Difference[] = [];
  for (let index = 0; index < Math.max(old.length, now.length); index++) {
    const [one, other] = [old[index], now[index]];
    const label = one?.label ?? other?.label ?? "";
    const parts = new Set([...Object.keys(one?.parts ?? {}), ...Object.keys(other?.parts ?? {})]);
    for (const part of parts) {
      const [before = "(nothing)", after = "(nothing)"] = [one?.parts[part], other?.parts[part]];
      if (before !== after)
        found.push({ key: `${index} ${part}`, label, part, old: before, new: after });
    }
  }
  return found;
}

/** A unified diff of one of them, without the lines that name files. */
export function shown({ label, part, old, new: now }: Difference): string {
  const patch = createTwoFilesPatch("old", "new", `${old}\n`, `${now}\n`, "", "", { context: 2 });
  const lines = focused(patch.trimEnd().split("\n").slice(3));
  const more = lines.length > longest ? [`… ${lines.length - longest} more lines`] : [];
  const body = [...lines.slice(0, longest), ...more].map((line) => `    ${line.slice(0, 400)}`);
  return [label, `  ${part}:`, ...body, ""].join("\n");
}

/** Of long lines that replace each other, only from shortly before where they part. */
function focused(lines: readonly string[]): string[] {
  const result = [...lines];
  for (let at = 0; at < lines.length; at++) {
    let removed = 0;
    while (lines[at + removed]?.startsWith("-")) removed++;
    for (let n = 0; n < removed; n++) {
      const [before = "", after = ""] = [lines[at + n], lines[at + removed + n]];
      if (!after.startsWith("+")) break;
      let same = 1;
      while (same < before.length && before[same] === after[same]) same++;
      if (same < 160) continue;
      for (const [line, text] of [
        [at + n, before],
        [at + removed + n, after],
      ] as const)
        result[line] = `${text.slice(0, 60)} … ${text.slice(same - 80)}`;
    }
    at += removed;
  }
  return result;
}
