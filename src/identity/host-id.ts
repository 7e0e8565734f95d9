/** The host name, and the hashed id of the operating system's installation. */
import { readFileSync, statSync } from "node:fs";

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
  try {
    // Loading node:os takes longer than everything else that identifying the caller needs.
    const name = readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
    if (name !== "") return name;
  } catch {
    // Not Linux, or no /proc.
  }
  return process.getBuiltinModule("node:os").hostname();
}

function linuxSecret(): string | null {
  for (const file of machineIdFiles) {
    try {
      const id = readFileSync(file, "utf8").trim();
      if (/^[0-9a-f]{32}$/i.test(id)) return id;
    } catch {
      continue;
    }
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
