/** Reads and replaces users' configuration files. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";

import { ParleyError } from "../bus/errors";

/** A file as it is: `null` bytes where there is none. */
export interface FoundFile {
  /** The file behind symbolic links, broken ones too: links are followed, not replaced. */
  target: string;
  bytes: Buffer | null;
}

const byteOrderMark = "\ufeff";

/** Throws `invalid` for a path that is no file, `not_permitted` for a file that cannot be read. */
export function findFile(path: string): FoundFile {
  let target = path;
  try {
    target = targetOf(path);
    // Reading a pipe would never end, and a device must not be replaced.
    if (statSync(target, { throwIfNoEntry: false })?.isFile() === false) throw noFile(path);
    return { target, bytes: readFileSync(target) };
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { target, bytes: null };
    if (code === "ENOTDIR" || code === "ELOOP") throw noFile(path);
    throw notWritable(path, error);
  }
}

const noFile = (path: string): ParleyError =>
  new ParleyError("invalid", `${path} is no file`, {
    hint: "move it away; nothing was changed",
    details: { path },
  });

function targetOf(path: string): string {
  let target = path;
  for (let links = 0; links < 40; links++) {
    if (existsSync(target)) return realpathSync(target);
    const link = lstatSync(target, { throwIfNoEntry: false });
    if (!link?.isSymbolicLink()) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  return target;
}

/** The text without a byte order mark. Throws `invalid` for bytes that are no UTF-8. */
export function textOf(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ParleyError("invalid", `${path} is no text in UTF-8`, {
      hint: "mend it or move it away; nothing was changed",
      details: { path },
      cause: error,
    });
  }
}

/** A changed text, with the byte order mark that the file had. */
export function bytesOf(text: string, before: Buffer | null): Buffer {
  const marked = before?.subarray(0, 3).toString("utf8") === byteOrderMark;
  return Buffer.from((marked ? byteOrderMark : "") + text);
}

/** Throws `not_permitted` where `write` would be refused, as far as modes tell; root is held to them too. */
export function assertWritable(path: string, target: string): void {
  for (let place = target; ; place = dirname(place)) {
    const found = statSync(place, { throwIfNoEntry: false });
    // The file itself, then the directory that its replacement, or a missing directory, is made in.
    if (found && !mayWrite(found)) throw notWritable(path, new Error(`${place} is read-only`));
    if (found?.isDirectory()) return;
    if (found && place !== target) throw notWritable(path, new Error(`${place} is no directory`));
    if (dirname(place) === place) return;
  }
}

function mayWrite({ mode, uid, gid }: { mode: number; uid: number; gid: number }): boolean {
  const own = process.geteuid?.();
  if (own === undefined) return (mode & 0o222) !== 0;
  if (own === 0 || own === uid) return (mode & 0o200) !== 0;
  const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  return (mode & (groups.includes(gid) ? 0o020 : 0o002)) !== 0;
}

/** Makes a directory and those above it; returns the new ones, the outermost first. */
export function makeDirectories(directory: string, mode?: number): string[] {
  if (existsSync(directory)) return [];
  const above = makeDirectories(dirname(directory), mode);
  try {
    mkdirSync(directory, mode === undefined ? {} : { mode });
  } catch (error) {
    // Another process may have made it just now.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return [...above, directory];
}

/** Replaces a file as a whole, keeping mode and owner. `mode` is for a file that does not exist yet. */
export function write(target: string, bytes: Buffer, mode = 0o666): void {
  const before = statSync(target, { throwIfNoEntry: false });
  const draft = `${target}.parley-${process.pid}`;
  try {
    // The file may hold secrets, so at no moment more users may read it than before.
    writeFileSync(draft, bytes, { flag: "wx", mode: before ? before.mode & 0o600 : mode });
    if (before) {
      if (before.uid !== process.geteuid?.()) chownSync(draft, before.uid, before.gid);
      chmodSync(draft, before.mode & 0o7777);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

export const notWritable = (path: string, error: unknown): ParleyError =>
  new ParleyError("not_permitted", `Cannot change ${path}: ${(error as Error).message}`, {
    hint: "see that you may write it; nothing was changed",
    details: { path },
    cause: error,
  });
