/** The machine's name, the id of its installation, and its UUID in the data directory. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { readText } from "./read";

const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The file's content: the UUID, and the id of the installation that it was made on, where that is known. */
interface MachineFile {
  uuid: string;
  host: string | null;
}

/** The machine's UUID, made at the first call and kept in `<data directory>/machine-uuid`. */
export function machineUuid(dataDirectory: string): string {
  const file = join(dataDirectory, "machine-uuid");
  const kept = readUuid(file) ?? createUuid(dataDirectory, file);
  // It is derived, to be the same at each call, where it cannot be kept or the directory was cloned from another machine.
  if (kept === null) return derivedUuid(hostId() ?? hostname());
  const host = kept.host === null ? null : hostId();
  return host === null || host === kept.host ? kept.uuid : derivedUuid(`${kept.uuid} ${host}`);
}

/** Safe in several processes at once: one of them links its complete file, and the others read that. */
function createUuid(dataDirectory: string, file: string): MachineFile | null {
  const draft = join(dataDirectory, `.machine-uuid.${crypto.randomUUID()}`);
  try {
    if (mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })) chmodSync(dataDirectory, 0o700);
    const lines = [crypto.randomUUID(), hostId()].filter((line) => line !== null);
    writeFileSync(draft, `${lines.join("\n")}\n`, { flag: "wx", mode: 0o600 });
    chmodSync(draft, 0o600);
    publish(draft, file);
  } catch {
    // The directory is read-only, full, or of another user.
  }
  try {
    unlinkSync(draft);
  } catch {
    // It was not made, or was renamed to the file.
  }
  return readUuid(file);
}

function publish(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    // On file systems without hard links the last of several first runs wins.
    renameSync(draft, file);
  }
}

function readUuid(file: string): MachineFile | null {
  const [uuid = "", host = ""] = readText(file)?.trim().toLowerCase().split(/\s+/) ?? [];
  return form.test(uuid) ? { uuid, host: host || null } : null;
}

/** Version 8 (RFC 9562): 122 bits of any choice. */
function derivedUuid(from: string): string {
  const digits = hash(`parley machine ${from}`);
  const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16);
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`];
  return [...parts, `${variant}${digits.slice(17, 20)}`, digits.slice(20, 32)].join("-");
}

const machineIdFiles = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** macOS writes it once, when the installation is set up; reading its inode starts no program. */
const macSetupMark = "/private/var/db/.AppleSetupDone";

let cached: string | null | undefined;

/** The id of the installation, hashed so that the id itself stays private (`man 5 machine-id`); null if there is none. */
export function hostId(): string | null {
  if (cached === undefined) {
    const secret = process.platform === "darwin" ? macSecret() : linuxSecret();
    cached = secret === null ? null : hash(`parley host ${secret}`).slice(0, 32);
  }
  return cached;
}

export const hash = (text: string): string => Bun.CryptoHasher.hash("sha256", text, "hex");

export function hostname(): string {
  const name = readText("/proc/sys/kernel/hostname")?.trim();
  // Loading node:os takes longer than everything else that identifying the caller needs.
  return name || process.getBuiltinModule("node:os").hostname();
}

function linuxSecret(): string | null {
  for (const file of machineIdFiles) {
    const id = readText(file)?.trim() ?? "";
    if (/^[0-9a-f]{32}$/i.test(id)) return id;
  }
  return null;
}

function macSecret(): string | null {
  try {
    const { ino, birthtimeMs } = statSync(macSetupMark);
    return `${ino} ${birthtimeMs}`;
  } catch {
    return null;
  }
}
