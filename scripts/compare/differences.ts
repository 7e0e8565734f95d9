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
  const lines = patch.trimEnd().split("\n").slice(3);
  const more = lines.length > longest ? [`… ${lines.length - longest} more lines`] : [];
  const body = [...lines.slice(0, longest), ...more].map((line) => line.slice(0, 400)).join("\n");
  return `${label}\n  ${part}:\n${body.replace(/^/gm, "    ")}\n`;
}
