/** Bell files. */
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

/**
 * One of them is rung for every change that is not meant for one session alone. Several, since Bun's watcher drops an event
 * of the name that it told last less than 2 ms ago (seen in 1.4.5).
 */
export const broadcastSignals = [
  "all",
  "all.1",
  "all.2",
  "all.3",
  "all.4",
  "all.5",
  "all.6",
  "all.7",
];
/** Rung beside a session's own bell, for those who see all mail. A session of this name is only woken too often. */
export const anyMailSignal = "mail";

let turn = process.pid;

/** The bell for everyone whose turn it is: never that of this process's last time, rarely that of another process. */
export const nextBroadcastSignal = (): string =>
  broadcastSignals[turn++ % broadcastSignals.length] ?? "all";

/** Anybody may be written to by any name, and a name that is a path must not lead out of the directory. */
const signalName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Overwrites one byte of a bell's file: 3 microseconds where truncating costs 121. Files are made once and never
 * renamed, so a watcher of the directory always sees the same entries. Never throws: a bell that cannot be rung only
 * makes others wait for their next poll.
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
    // No bell on this medium.
  }
}

/** Not on every platform. */
const noFollow = constants.O_NOFOLLOW ?? 0;

/**
 * Beside a database in a directory for everybody (`/tmp`) somebody else may have made it, with links in it to files that
 * a byte of ours would damage.
 */
function requireOwn(directory: string): void {
  const entry = lstatSync(directory);
  const user = process.getuid?.() ?? entry.uid;
  if (!entry.isDirectory() || (entry.uid !== user && user !== 0)) {
    throw new Error("not a directory of one's own");
  }
}

/** Throws where it is missing and cannot be made. */
export function makeSignalDirectory(directory: string): void {
  // The umask cuts the modes given here.
  if (mkdirSync(directory, { recursive: true, mode: 0o700 })) chmodSync(directory, 0o700);
}

/**
 * Removes the bells that are not to be kept. Only what looks like a bell, one byte under a session's name: a database
 * may stand beside a directory of this name that is somebody's own.
 */
export function removeSignals(directory: string, keep: ReadonlySet<string>): void {
  for (const name of entries(directory)) {
    if (keep.has(name) || !signalName.test(name)) continue;
    const path = join(directory, name);
    try {
      const entry = lstatSync(path);
      if (entry.isFile() && entry.size <= 1) unlinkSync(path);
    } catch {
      // Another process was first, or may do what this one may not.
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
