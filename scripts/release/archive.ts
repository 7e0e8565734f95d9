/** Writes archives that depend on their entries and on Bun's zlib only: not on the clock, the user or the order of files. */
import { gzipSync } from "node:zlib";

import { zipSync, type Zippable } from "fflate";
import { createTar } from "nanotar";

export interface Entry {
  /** Path in the archive, with `/`. */
  name: string;
  data: Uint8Array;
  executable?: boolean;
}

/** As `tar.gz`; entries belong to root and have the given time. */
export function tarGz(entries: readonly Entry[], time: Date): Uint8Array {
  const tar = createTar(
    entries.map(({ name, data, executable }) => ({
      name,
      data,
      attrs: { mode: executable ? "755" : "644" },
    })),
    { attrs: { uid: 0, gid: 0, user: "root", group: "root", mtime: time.getTime() } },
  );
  // The two empty blocks that end an archive are left out by nanotar 0.3 where the last record has no room for them.
  const compressed = gzipSync(Buffer.concat([tar, Buffer.alloc(1024)]));
  // The header's last byte names the system that made it: 255 is "unknown". Its time is 0 already.
  compressed[9] = 255;
  return compressed;
}

/** As `zip`, with the modes that Unix tools understand. */
export function zip(entries: readonly Entry[], time: Date): Uint8Array {
  const files: Zippable = {};
  for (const { name, data, executable } of entries) {
    const mode = executable ? 0o100755 : 0o100644;
    files[name] = [new Uint8Array(data), { os: 3, attrs: mode << 16, mtime: zipTime(time) }];
  }
  return zipSync(files);
}

/** Zip stores local time without a zone: returns the date whose local time is the UTC time of the given one. */
function zipTime(time: Date): Date {
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  return new Date(year, month, day, time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds());
}
