/** Doctor's findings about free space for the database and the logs. */
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

import type { Finding } from "../bus/doctor";
import { finding } from "./database";

const mebibyte = 1024 * 1024;
/** Fewer free bytes than this are a warning: a busy bus may need as many for its log and a copy of the database. */
const warningFreeBytes = 64 * mebibyte;
/** Fewer free bytes than this are an error. */
const errorFreeBytes = mebibyte;

const remedy = "make room there, or name other places with PARLEY_DB and PARLEY_LOG_DIR";

/** The free space at these paths, once a file system; none for a file system that does not tell. */
export function spaceFindings(paths: readonly string[]): Finding[] {
  const seen = new Set<number>();
  return paths.flatMap((path) => {
    try {
      const place = nearestExisting(path);
      const { dev } = statSync(place);
      if (seen.has(dev)) return [];
      seen.add(dev);
      return findingsAt(place);
    } catch {
      // Another finding reports a path that cannot be reached.
      return [];
    }
  });
}

function findingsAt(place: string): Finding[] {
  const { blocks, bavail, bsize, files, ffree } = statfsSync(place);
  if (blocks === 0) return [];
  const free = bavail * bsize;
  const left = `${Math.floor(free / mebibyte)} MiB free at ${place}`;
  // Some file systems count no files.
  if (files > 0 && ffree === 0)
    return [finding("disk", "error", `no more files can be made at ${place}`, remedy)];
  if (free < errorFreeBytes)
    return [finding("disk", "error", `${left}, so hardly anything can be written`, remedy)];
  if (free < warningFreeBytes) return [finding("disk", "warning", `only ${left}`, remedy)];
  return [finding("disk", "ok", `there is enough room at ${place}`)];
}

/** The path, or the nearest directory above it that exists. */
const nearestExisting = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
