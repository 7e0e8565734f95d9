/** Host name, and the id of the installation. */
import { readFileSync, statSync } from "node:fs";

const machineIdFiles = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** macOS writes it once, when the installation is set up; it can be looked at without starting a program. */
const macSetupMark = "/private/var/db/.AppleSetupDone";

let known: string | null | undefined;

/** Identity of the installation, hashed so that the id itself stays private (`man 5 machine-id`); null if none. */
export function hostId(): string | null {
  if (known === undefined) {
    const secret = process.platform === "darwin" ? macSecret() : linuxSecret();
    known = secret === null ? null : hash(`parley host ${secret}`).slice(0, 32);
  }
  return known;
}

export const hash = (text: string): string => Bun.CryptoHasher.hash("sha256", text, "hex");

export function hostname(): string {
  try {
    // Loading node:os costs more than all the rest of finding out who is calling.
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
