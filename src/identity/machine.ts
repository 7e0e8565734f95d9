/** The machine's UUID, made once. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { hash, hostId, hostname } from "./host-id";

const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What the file holds: the UUID, and below it the installation that it was made on, where that is known. */
interface Kept {
  uuid: string;
  host: string | null;
}

/**
 * The machine's UUID, made at the first call on the machine and kept in `<data directory>/machine-uuid`. Where it
 * can neither be read nor written, one derived from the installation, which is the same at each call; so is that of a
 * machine to which the directory was cloned from another.
 */
export function machineUuid(dataDirectory: string): string {
  const file = join(dataDirectory, "machine-uuid");
  const kept = readUuid(file) ?? createUuid(dataDirectory, file);
  if (kept === null) return derivedUuid(hostId() ?? hostname());
  const host = kept.host === null ? null : hostId();
  return host === null || host === kept.host ? kept.uuid : derivedUuid(`${kept.uuid} ${host}`);
}

/** Any number of processes may do this at once: a link to a complete file is made once, the others read it. */
function createUuid(dataDirectory: string, file: string): Kept | null {
  const draft = join(dataDirectory, `.machine-uuid.${crypto.randomUUID()}`);
  try {
    if (mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })) chmodSync(dataDirectory, 0o700);
    const lines = [crypto.randomUUID(), hostId()].filter((line) => line !== null);
    writeFileSync(draft, `${lines.join("\n")}\n`, { flag: "wx", mode: 0o600 });
    chmodSync(draft, 0o600);
    publish(draft, file);
  } catch {
    // Read-only, full, or somebody else's directory.
  }
  try {
    unlinkSync(draft);
  } catch {
    // It never came to be, or has become the file.
  }
  return readUuid(file);
}

function publish(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    // File systems without hard links: the last of several first runs wins.
    renameSync(draft, file);
  }
}

function readUuid(file: string): Kept | null {
  try {
    const [uuid = "", host = ""] = readFileSync(file, "utf8").trim().toLowerCase().split(/\s+/);
    return form.test(uuid) ? { uuid, host: host === "" ? null : host } : null;
  } catch {
    return null;
  }
}

/** Version 8 (RFC 9562): 122 bits of our own choice. */
function derivedUuid(from: string): string {
  const digits = hash(`parley machine ${from}`);
  const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16);
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`];
  return [...parts, `${variant}${digits.slice(17, 20)}`, digits.slice(20, 32)].join("-");
}
