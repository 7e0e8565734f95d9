/** Checks an executable without running it: its format, machine, loader, watcher and signature. */
import { signatureFault } from "../codesign";
import type { Target } from "../targets";

export interface Binary {
  format: "ELF" | "Mach-O" | "PE";
  machine: "x64" | "arm64";
  /** The loader that an ELF file names, which depends on its C library; null for other formats. */
  interpreter: string | null;
}

/** `e_machine`, `cputype` and `Machine` of the three formats. */
const machines: Record<Binary["format"], Record<number, Binary["machine"]>> = {
  ELF: { 62: "x64", 183: "arm64" },
  "Mach-O": { 0x01000007: "x64", 0x0100000c: "arm64" },
  PE: { 0x8664: "x64", 0xaa64: "arm64" },
};

const programHeader = { size: 56, interpreter: 3 };

const loaders: Record<string, string> = {
  "linux-x64-glibc": "/lib64/ld-linux-x86-64.so.2",
  "linux-x64-musl": "/lib/ld-musl-x86_64.so.1",
  "linux-arm64-glibc": "/lib/ld-linux-aarch64.so.1",
  "linux-arm64-musl": "/lib/ld-musl-aarch64.so.1",
};

/** Reads the headers of a 64-bit little-endian file; null for any other. */
export function describe(file: Buffer): Binary | null {
  const header = headerOf(file);
  const machine = header && machines[header.format][header.machine];
  if (!machine) return null;
  const interpreter = header.format === "ELF" ? interpreterOf(file) : null;
  return { format: header.format, machine, interpreter };
}

function headerOf(file: Buffer): { format: Binary["format"]; machine: number } | null {
  if (file.length < 64) return null;
  if (file.readUInt32BE(0) === 0x7f454c46) return { format: "ELF", machine: file.readUInt16LE(18) };
  if (file.readUInt32LE(0) === 0xfeedfacf) {
    return { format: "Mach-O", machine: file.readUInt32LE(4) };
  }
  if (file.toString("latin1", 0, 2) !== "MZ") return null;
  const at = file.readUInt32LE(0x3c);
  if (file.toString("latin1", at, at + 4) !== "PE\0\0") return null;
  return { format: "PE", machine: file.readUInt16LE(at + 4) };
}

function interpreterOf(elf: Buffer): string | null {
  const table = Number(elf.readBigUInt64LE(32));
  for (let index = 0; index < elf.readUInt16LE(56); index++) {
    const at = table + index * programHeader.size;
    if (elf.readUInt32LE(at) !== programHeader.interpreter) continue;
    const start = Number(elf.readBigUInt64LE(at + 8));
    const size = Number(elf.readBigUInt64LE(at + 32));
    return elf.toString("latin1", start, start + size).replace(/\0+$/, "");
  }
  return null;
}

export function expected({ name }: Target): Binary {
  const [os, machine] = name.split("-") as [string, Binary["machine"]];
  const format = ({ linux: "ELF", darwin: "Mach-O", windows: "PE" } as const)[os];
  if (!format) throw new Error(`no executable format is known for ${name}`);
  return { format, machine, interpreter: loaders[name] ?? null };
}

/** The faults of a target's executable, given the native half of the watcher that has to be in it. */
export function faults(executable: Buffer, watcher: Buffer, target: Target): string[] {
  const wanted = expected(target);
  const found: string[] = [];
  if (!Bun.deepEquals(describe(executable), wanted)) {
    found.push(`it is ${JSON.stringify(describe(executable))}, not ${JSON.stringify(wanted)}`);
  }
  const { format, machine } = describe(watcher) ?? {};
  if (format !== wanted.format || machine !== wanted.machine) {
    found.push(`its watcher is ${format} of ${machine}`);
  }
  if (!executable.includes(watcher)) found.push("its watcher is not in it");
  const signature = wanted.format === "Mach-O" ? signatureFault(executable) : null;
  if (signature !== null) found.push(signature);
  return found;
}
