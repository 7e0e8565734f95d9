import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { find, makeDirectories, refused, write } from "./files";

/** What is known of a file that setup has changed. */
export interface FileRecord {
  /** Name of the backup of what it was without ours; null where there was no file. */
  base: string | null;
  /** SHA-256 of what setup made of it: while that holds, nobody else has changed it since. */
  after: string;
}

/** What setup remembers, in `setup.json` in the data directory. */
export interface Memory {
  /** By real path. */
  files: Record<string, FileRecord>;
  /** Directories that setup has made, the outermost first. */
  directories: string[];
  /** Programs that agents were told to run. */
  programs: string[];
  /** Links that setup has made, by path. */
  links: string[];
}

export const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The memory and the backups, both the user's alone: configurations hold keys. */
export class SetupRecord {
  constructor(private readonly dataDirectory: string) {}

  /** Empty where there is none, or none that can be read: then entries are known by what they look like. */
  read(): Memory {
    const empty: Memory = { files: {}, directories: [], programs: [], links: [] };
    try {
      return { ...empty, ...(JSON.parse(readFileSync(this.path, "utf8")) as Partial<Memory>) };
    } catch {
      return empty;
    }
  }

  /** Throws `not_permitted`. */
  write(memory: Memory): void {
    this.store(this.path, Buffer.from(`${JSON.stringify(memory, null, 2)}\n`));
  }

  /** Where a backup of that name is. */
  backupPath = (name: string): string => join(this.dataDirectory, "backups", name);

  backupName = (path: string, bytes: Buffer): string =>
    `${basename(path)}.${hashOf(Buffer.concat([Buffer.from(`${path}\0`), bytes])).slice(0, 16)}`;

  /** Keeps a copy, once; the name says whose and which. Throws `not_permitted`. */
  keep(path: string, bytes: Buffer): string {
    const name = this.backupName(path, bytes);
    if (!existsSync(this.backupPath(name))) this.store(this.backupPath(name), bytes);
    return name;
  }

  /** Null where it is gone. */
  backup(name: string): Buffer | null {
    return find(this.backupPath(name)).bytes;
  }

  private store(path: string, bytes: Buffer): void {
    const umask = process.umask(0o077);
    try {
      makeDirectories(join(path, ".."), 0o700);
      write(path, bytes);
    } catch (error) {
      throw refused(path, error);
    } finally {
      process.umask(umask);
    }
  }

  private get path(): string {
    return join(this.dataDirectory, "setup.json");
  }
}
