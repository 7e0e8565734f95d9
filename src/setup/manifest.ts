/** What setup remembers, and backups. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { ParleyError } from "../bus/errors";
import { findFile, makeDirectories, notWritable, write } from "./files";

/** What is known of a file that setup has changed. */
interface FileRecord {
  /** Name of the backup of what it was without ours; null where there was no file. */
  base: string | null;
  /** SHA-256 of what setup made of it: while that holds, nobody else has changed it since. */
  after: string;
}

/** What setup remembers, in `setup.json` in the data directory. */
export interface Manifest {
  /** By real path. */
  files: Record<string, FileRecord>;
  /** Directories that setup has made, the outermost first. */
  directories: string[];
  /** Programs that agents were told to run. */
  programs: string[];
  /** Links that setup has made, by path. */
  links: string[];
  /** Repositories that have our hook before commits: git's directories of hooks. */
  repositories: string[];
}

/** Milliseconds after which a lock is nobody's any more: setup takes a fraction of a second. */
const abandoned = 30_000;

export const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The memory and the backups, both the user's alone: configurations hold keys. */
export class ManifestStore {
  constructor(private readonly dataDirectory: string) {}

  /**
   * Does something while no other setup can. One that was killed holds it for half a minute more. Throws `busy` after
   * that, and `not_permitted`.
   */
  alone<T>(work: () => T): T {
    const lock = join(this.dataDirectory, "setup.lock");
    for (const until = Date.now() + 2 * abandoned; !this.take(lock); Bun.sleepSync(20)) {
      if (Date.now() > until) {
        throw new ParleyError("busy", `Another setup holds ${lock}`, {
          hint: "try again when it is done",
          details: { path: lock },
        });
      }
    }
    try {
      return work();
    } finally {
      rmSync(lock, { force: true });
    }
  }

  private take(lock: string): boolean {
    try {
      this.privately(() => {
        makeDirectories(this.dataDirectory, 0o700);
        // Empty: on a full disk it can then be made or not, but never be left behind half made.
        writeFileSync(lock, "", { flag: "wx" });
      });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw notWritable(lock, error);
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
      if (since !== undefined && Date.now() - since > abandoned) rmSync(lock, { force: true });
      return false;
    }
  }

  /** Empty where there is none, or none that can be read: then entries are known by what they look like. */
  read(): Manifest {
    try {
      return memoryIn(JSON.parse(readFileSync(this.path, "utf8")));
    } catch {
      return memoryIn({});
    }
  }

  /** Throws `not_permitted`. */
  write(memory: Manifest): void {
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
    return findFile(this.backupPath(name)).bytes;
  }

  private store(path: string, bytes: Buffer): void {
    try {
      this.privately(() => {
        makeDirectories(dirname(path), 0o700);
        write(path, bytes);
      });
    } catch (error) {
      throw notWritable(path, error);
    }
  }

  private privately(make: () => void): void {
    const umask = process.umask(0o077);
    try {
      make();
    } finally {
      process.umask(umask);
    }
  }

  private get path(): string {
    return join(this.dataDirectory, "setup.json");
  }
}

/** What of a JSON value is as `Memory` has it; somebody may have edited the file. Throws for null. */
function memoryIn({
  files,
  directories,
  programs,
  links,
  repositories,
}: Partial<Record<string, unknown>>): Manifest {
  const strings = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  const records = Object.entries(files ?? {}).filter(
    ([, record]: [string, Partial<FileRecord> | null]) =>
      typeof record?.after === "string" &&
      (record.base === null || typeof record.base === "string"),
  );
  return {
    files: Object.fromEntries(records),
    directories: strings(directories),
    programs: strings(programs),
    links: strings(links),
    repositories: strings(repositories),
  };
}
