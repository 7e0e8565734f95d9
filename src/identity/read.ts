/** Reads a file or a link that may not be there. */
import { readFileSync, readlinkSync } from "node:fs";

/** Null where it cannot be read. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** The target of a link; null where there is none. */
export function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
