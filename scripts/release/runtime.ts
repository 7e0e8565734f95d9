/**
 * Verifies the Bun runtime in a binary. The compiler uses its own executable for the target that it runs on and downloads
 * the others, which the lock file does not cover; they are compared with known hashes.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { hostTarget, type Target } from "../targets";

/** SHA-256 of the runtimes of Bun 1.4.5 as the npm packages `@oven/bun-*` carry them. */
const known: Record<string, string> = {
  "linux-x64-glibc": "f05d28a3862f4b84395c7fa32480b835dd47482e80b7e7a49a115227f0c06083",
  "linux-x64-musl": "cf5d285ddbe256785a5121a3c113191a6b577504976374c7cfd5aedca609b720",
  "linux-arm64-glibc": "04778f1f42399a69d086853e9c7af4acf574b2f21a43d0dc673853d8b84a2923",
  "linux-arm64-musl": "9c48986093073afec8b76a3e285303598dd2462f52748aecb65e4d94866e1ea3",
  "darwin-x64": "88f97645b270aef20f9f9442f1658461cab3e7128e658af4615144e3396f084a",
  "darwin-arm64": "e2984124f1514e1e6bbda20adedbf07a02c443c6a5828853a15c7c7abf78e19f",
  "windows-x64": "e06ad0864463c68892ae71a2a64af7eae1585cac5dd9b80bc042f45605587cb1",
  "windows-arm64": "8bd7f9210f9d58cc21f398d1478e53b2ff919a0c8fc935b5086f3f64667cec6d",
};

export interface Runtime {
  version: string;
  /** The npm package that it comes from. */
  package: string;
  sha256: string;
}

/** Bun's name of the target in its packages and its cache. */
const bunName = ({ bun }: Target): string => bun.replace("arm64", "aarch64");

/** Where the compiler finds the runtime of a target; null before its first use. */
export function runtimePath(target: Target, environment = process.env): string | null {
  if (target.name === hostTarget().name) return process.execPath;
  const { stdout } = spawnSync(process.execPath, ["pm", "cache"], {
    encoding: "utf8",
    env: environment,
  });
  const path = join(stdout.trim(), `${bunName(target)}-v${Bun.version}`);
  return existsSync(path) ? path : null;
}

/** Throws where the runtime is not the known one. */
export function runtimeOf(target: Target): Runtime {
  const path = runtimePath(target);
  if (path === null) throw new Error(`the runtime of ${target.name} is not in Bun's cache`);
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (sha256 !== known[target.name]) {
    throw new Error(
      `${path} has the SHA-256 ${sha256}, not the known one: a binary made with it is another one. ` +
        "After a deliberate change of Bun, scripts/release/runtime.ts has to be told.",
    );
  }
  return { version: Bun.version, package: `@oven/${bunName(target)}`, sha256 };
}
