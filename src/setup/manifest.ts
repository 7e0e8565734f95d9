/** The record of what setup has changed, with backups and a lock, in the data directory. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { ParleyError } from "../bus/errors";
import { findFile, makeDirectories, notWritable, write } from "./files";

/** What is known of a file that setup has changed. */
interface FileRecord {
  /** Name of the backup of the file without parley's part; null where there was no file. */
  base: string | null;
  /** SHA-256 of what setup made of it: while the file has it, no other program has changed the file. */
  after: string;
}

/** What setup has changed and made, as `setup.json` in the data directory has it. */
export interface Manifest {
  /** By real path. */
  files: Record<string, FileRecord>;
  /** Directories that setup has made, the outermost first. */
  directories: string[];
  /** Programs that have been written into configurations. */
  programs: string[];
  /** Links that setup has made, by path. */
  links: string[];
  /** Repositories that have parley's hook before commits: git's directories of hooks. */
  repositories: string[];
}

/** Age in milliseconds at which a lock counts as left behind: setup takes a fraction of a second. */
const lockTimeoutMs = 30_000;

export const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Manifest and backups, readable for their user alone: configurations hold keys. */
export class ManifestStore {
  constructor(private readonly dataDirectory: string) {}

  /** Runs `work` under the lock of setup, which a killed setup holds for half a minute. Throws `busy` after that, and `not_permitted`. */
  withLock<T>(work: () => T): T {
    const lock = join(this.dataDirectory, "setup.lock");
    for (const until = Date.now() + 2 * lockTimeoutMs; !this.tryLock(lock); Bun.sleepSync(20)) {
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

  private tryLock(lock: string): boolean {
    try {
      this.privately(() => {
        makeDirectories(this.dataDirectory, 0o700);
        // An empty file: a full disk cannot leave it half written.
        writeFileSync(lock, "", { flag: "wx" });
      });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw notWritable(lock, error);
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
      if (since !== undefined && Date.now() - since > lockTimeoutMs) rmSync(lock, { force: true });
      return false;
    }
  }

  /** Empty where there is none, or none that can be read; parley's entries are then recognized by their form. */
  read(): Manifest {
    try {
      return manifestIn(JSON.parse(readFileSync(this.path, "utf8")));
    } catch {
      return manifestIn({});
    }
  }

  /** Throws `not_permitted`. */
  write(manifest: Manifest): void {
    this.store(this.path, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  }

  /** The path of a backup. */
  backupPath = (name: string): string => join(this.dataDirectory, "backups", name);

  backupName = (path: string, bytes: Buffer): string =>
    `${basename(path)}.${hashOf(Buffer.concat([Buffer.from(`${path}\0`), bytes])).slice(0, 16)}`;

  /** Keeps a copy, once, under a name made of its path and content. Throws `not_permitted`. */
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

/** The valid entries of a JSON value, since the file may have been edited. Throws for null. */
function manifestIn(value: Partial<Record<keyof Manifest, unknown>>): Manifest {
  const strings = (list: unknown): string[] =>
    Array.isArray(list) ? list.filter((each) => typeof each === "string") : [];
  const records = Object.entries(value.files ?? {}).filter(
    ([, record]: [string, Partial<FileRecord> | null]) =>
      typeof record?.after === "string" &&
      (record.base === null || typeof record.base === "string"),
  );
  return {
    files: Object.fromEntries(records),
    directories: strings(value.directories),
    programs: strings(value.programs),
    links: strings(value.links),
    repositories: strings(value.repositories),
  };
}
