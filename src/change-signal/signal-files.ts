/** Signal files: touching one notifies the processes that watch its name. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** One is touched per change for everyone; several, since Bun 1.4.5's watcher drops an event for its last name within 2 ms. */
export const broadcastSignals = "all all.1 all.2 all.3 all.4 all.5 all.6 all.7".split(" ");
/** Touched besides a session's own file, for listeners to all mail. A session of this name is only notified too often. */
export const anyMailSignal = "mail";

let turn = process.pid;

/** The next file for everyone: never the one that this process touched last, rarely the one of another process. */
export const nextBroadcastSignal = (): string =>
  broadcastSignals[turn++ % broadcastSignals.length] ?? "all";

/** A message may be sent to any name, and a name that is a path must not lead out of the directory. */
const signalName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Overwrites one byte of a signal file: 3 microseconds where truncating costs 121. Files are made once and never renamed,
 * so a watcher of the directory always sees the same entries. Never throws: without the signal other processes only wait
 * for their next poll.
 */
export function touchSignal(directory: string, name: string): void {
  if (!signalName.test(name)) return;
  const path = join(directory, name);
  try {
    let file: number;
    try {
      requireOwn(directory);
      file = openSync(path, constants.O_RDWR | noFollow);
    } catch {
      makeSignalDirectory(directory);
      requireOwn(directory);
      file = openSync(path, constants.O_WRONLY | constants.O_CREAT | noFollow, 0o600);
      fchmodSync(file, 0o600);
    }
    try {
      writeSync(file, "!", 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // There are no signals on this medium.
  }
}

/** Does not exist on every platform. */
const noFollow = constants.O_NOFOLLOW ?? 0;

/** In a directory of all users (`/tmp`) another may have made it, with links to files that a byte of ours would damage. */
function requireOwn(directory: string): void {
  const entry = lstatSync(directory);
  const user = process.getuid?.() ?? entry.uid;
  if (!entry.isDirectory() || (entry.uid !== user && user !== 0)) {
    throw new Error("not a directory of one's own");
  }
}

/** Makes the directory. Throws where it is missing and cannot be made. */
export function makeSignalDirectory(directory: string): void {
  // The umask reduces the mode given to mkdir.
  if (mkdirSync(directory, { recursive: true, mode: 0o700 })) chmodSync(directory, 0o700);
}

/**
 * Removes the signal files except those to keep. Only files that look like one, a byte under a session's name: a database
 * may be beside a directory of this name that belongs to another program.
 */
export function removeSignals(directory: string, keep: ReadonlySet<string>): void {
  for (const name of entries(directory)) {
    if (keep.has(name) || !signalName.test(name)) continue;
    const path = join(directory, name);
    try {
      const entry = lstatSync(path);
      if (entry.isFile() && entry.size <= 1) unlinkSync(path);
    } catch {
      // Another process has removed it, or this one may not.
    }
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
