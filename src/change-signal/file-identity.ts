/** Tells a file from another one that later has the same path. */
import { statSync } from "node:fs";

/** Device, inode and birth time: an inode number is soon used again. */
export type FileIdentity = string;

/** Which file or directory a path names; null for none. Does not open it, which would cost SQLite its locks. */
export function fileIdentity(path: string): FileIdentity | null {
  try {
    const { dev, ino, birthtimeMs } = statSync(path);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return null;
  }
}
