/** Findings about the room on its disk and those of the logs. */
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

import type { Finding } from "../bus/doctor";
import { finding } from "./database";

const mebibyte = 1024 * 1024;
/** Free bytes that are few: a busy bus may need as much for its log and a copy of the database. */
const minFreeBytes = 64 * mebibyte;
/** Free bytes that are as good as none. */
const hardlyAny = mebibyte;

const remedy = "make room there, or name other places with PARLEY_DB and PARLEY_LOG_DIR";

/** How much room there is at these places, once a file system; nothing of one that does not say. */
export function spaceFindings(paths: readonly string[]): Finding[] {
  const seen = new Set<number>();
  return paths.flatMap((path) => {
    try {
      const place = nearest(path);
      const { dev } = statSync(place);
      if (seen.has(dev)) return [];
      seen.add(dev);
      return findingsAt(place);
    } catch {
      // Another finding says what cannot be reached.
      return [];
    }
  });
}

function findingsAt(place: string): Finding[] {
  const { blocks, bavail, bsize, files, ffree } = statfsSync(place);
  if (blocks === 0) return [];
  const free = bavail * bsize;
  const left = `${Math.floor(free / mebibyte)} MiB free at ${place}`;
  // Some count no files.
  if (files > 0 && ffree === 0)
    return [finding("disk", "error", `no more files can be made at ${place}`, remedy)];
  if (free < hardlyAny)
    return [finding("disk", "error", `${left}, so hardly anything can be written`, remedy)];
  if (free < minFreeBytes) return [finding("disk", "warning", `only ${left}`, remedy)];
  return [finding("disk", "ok", `there is enough room at ${place}`)];
}

/** The path, or what it would be made in. */
const nearest = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
