/** The platforms that binaries are built for. */
import { readFileSync } from "node:fs";

/** A platform that a binary is built for. */
export interface Target {
  /** `os-arch`, on Linux with the C library; `--version --json` shows it. */
  name: string;
  /** Bun's name of it, by which the runtime to embed is found. */
  bun: Bun.Build.CompileTarget;
  /** npm package with the native half of `@parcel/watcher`. */
  binding: string;
  /** Suffix of an executable's name. */
  suffix: "" | ".exe";
}

const target = (
  name: string,
  bun: Bun.Build.CompileTarget,
  platform = name,
  suffix: Target["suffix"] = "",
): Target => ({ name, bun, binding: `@parcel/watcher-${platform}`, suffix });

export const targets: readonly Target[] = [
  target("linux-x64-glibc", "bun-linux-x64"),
  target("linux-x64-musl", "bun-linux-x64-musl"),
  target("linux-arm64-glibc", "bun-linux-arm64"),
  target("linux-arm64-musl", "bun-linux-arm64-musl"),
  target("darwin-x64", "bun-darwin-x64"),
  target("darwin-arm64", "bun-darwin-arm64"),
  target("windows-x64", "bun-windows-x64", "win32-x64", ".exe"),
  target("windows-arm64", "bun-windows-arm64", "win32-arm64", ".exe"),
];

/** The target that this process runs on. Throws where there is none. */
export function hostTarget(): Target {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const name = [os, process.arch, ...(os === "linux" ? [hostLibc()] : [])].join("-");
  return findTarget(name);
}

export function findTarget(name: string): Target {
  const found = targets.find((candidate) => candidate.name === name);
  if (found) return found;
  const known = targets.map((candidate) => candidate.name).join(", ");
  throw new Error(`no target ${name}; there are ${known}`);
}

/** The C library that this process is linked to: a machine may have both. */
function hostLibc(): "glibc" | "musl" {
  return readFileSync("/proc/self/maps", "utf8").includes("/ld-musl-") ? "musl" : "glibc";
}
