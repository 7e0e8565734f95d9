import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A home of its own for one measurement, with a bus in it. */
export interface Place extends Disposable {
  directory: string;
  database: string;
  env: Record<string, string>;
  binary: string;
  /** Bytes of the database and its write-ahead log. */
  bytes(): number;
}

export function makePlace(binary: string, wake: "auto" | "poll" = "auto"): Place {
  const directory = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const database = join(directory, "bus", "messaging.db");
  mkdirSync(join(directory, "bus"));
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    directory,
    database,
    binary,
    env: { HOME: directory, PATH: "/usr/bin:/bin", PARLEY_DB: database, PARLEY_WAKE: wake },
    bytes: () => size(database) + size(`${database}-wal`),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
