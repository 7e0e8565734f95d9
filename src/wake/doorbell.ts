import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Rung for every change that is not meant for one session alone. */
export const everyone = "all";

/**
 * Overwrites one byte of a bell's file: 3 microseconds where truncating costs 121. Files are made once and never
 * renamed, so a watcher of the directory always sees the same entries. Never throws: a bell that cannot be rung only
 * makes others wait for their next poll.
 */
export function ringBell(directory: string, name: string): void {
  try {
    let file: number;
    try {
      file = openSync(join(directory, name), "r+");
    } catch {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      file = openSync(join(directory, name), "a", 0o600);
    }
    try {
      writeSync(file, "!", 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // No bell on this medium.
  }
}
