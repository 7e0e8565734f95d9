/** Appends the failures of hooks to a file of bounded size. */
import { appendFileSync, chmodSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { timestamp } from "../bus/clock";
import type { FaultLog } from "../bus/errors";

/** Characters of a line, and bytes of the file, after which it becomes `….old` and another begins. */
const maxLine = 300;
const maxFile = 64 * 1024;

/** Keeps the lines in a file that only its user can read, and in its predecessor. */
export const createHookLog = (path: string): FaultLog => ({
  note(line) {
    try {
      if (mkdirSync(dirname(path), { recursive: true, mode: 0o700 }))
        chmodSync(dirname(path), 0o700);
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (size > maxFile) renameSync(path, `${path}.old`);
      const safe = line.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, maxLine);
      appendFileSync(path, `${timestamp(Date.now())} ${safe}\n`, { mode: 0o600 });
    } catch {
      // A full or read-only disk.
    }
  },
});
