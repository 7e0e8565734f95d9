/**
 * `bun run release [--target NAME]… [--out DIR] [--allow-dirty]`: writes a release to `dist/release`: for each
 * target an archive and its bill of materials, then `install.sh` and `SHA256SUMS`.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

import { build, startAgainWith } from "./build";
import { type Entry, tarGz, zip } from "./release/archive";
import { faults } from "./release/binary";
import { componentsOf, watcherOf } from "./release/components";
import { notices } from "./release/notices";
import { runtimeOf } from "./release/runtime";
import { billOfMaterials } from "./release/sbom";
import { findTarget, type Target, targets } from "./targets";

const root = join(import.meta.dir, "..");

interface Source {
  commit: string | null;
  /** Time of the commit, which every file in the archives has. */
  time: Date;
}

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** Builds one target and writes its files into a directory. Throws where the executable has a fault. */
async function release(target: Target, source: Source, directory: string): Promise<void> {
  const { path, inputs } = await build(target, join(directory, ".build"));
  const executable = readFileSync(path);
  const wrong = faults(executable, watcherOf(target), target);
  if (wrong.length > 0) throw new Error(`${target.name}: ${wrong.join("; ")}`);

  const runtime = runtimeOf(target);
  const components = componentsOf(inputs);
  const inside: Entry[] = [
    { name: `parley${target.suffix}`, data: executable, executable: true },
    { name: "LICENSE", data: readFileSync(join(root, "LICENSE")) },
    {
      name: "THIRD-PARTY-NOTICES.md",
      data: Buffer.from(notices(target.name, runtime, components)),
    },
  ];
  const name = `parley-${target.name}`;
  const entries = inside.map((entry) => ({ ...entry, name: `${name}/${entry.name}` }));
  if (target.suffix === ".exe") {
    writeFileSync(join(directory, `${name}.zip`), zip(entries, source.time));
  } else {
    writeFileSync(join(directory, `${name}.tar.gz`), tarGz(entries, source.time));
  }
  const subject = { ...source, target: target.name, sha256: sha256(executable) };
  const bill = billOfMaterials(subject, runtime, components);
  writeFileSync(join(directory, `${name}.cdx.json`), `${JSON.stringify(bill, null, 2)}\n`);
  rmSync(join(directory, ".build"), { recursive: true });
}

/** In the form that `sha256sum --check` reads. */
function writeChecksums(directory: string): void {
  const lines = readdirSync(directory)
    .toSorted()
    .map((name) => `${sha256(readFileSync(join(directory, name)))}  ${name}\n`);
  writeFileSync(join(directory, "SHA256SUMS"), lines.join(""));
}

function git(...args: string[]): string | null {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

function sourceOf(allowDirty: boolean): Source {
  if (!allowDirty && git("status", "--porcelain") !== "") {
    throw new Error(
      "not a clean commit, which nobody could build again; --allow-dirty does it anyway",
    );
  }
  const seconds = Number(git("log", "-1", "--format=%ct") ?? Date.UTC(2000, 0) / 1000);
  return { commit: git("rev-parse", "HEAD"), time: new Date(seconds * 1000) };
}

/** Returns the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      out: { type: "string", default: join(root, "dist/release") },
      "allow-dirty": { type: "boolean", default: false },
    },
  });
  const wanted = values.target?.map(findTarget) ?? targets;
  const exitCode = startAgainWith(wanted);
  if (exitCode !== null) return exitCode;
  const source = sourceOf(values["allow-dirty"]);
  const out = resolve(values.out);
  mkdirSync(dirname(out), { recursive: true });
  // The previous release stays until the new one is complete.
  const staging = mkdtempSync(join(dirname(out), ".release-"));
  chmodSync(staging, 0o755);
  try {
    for (const target of wanted) {
      const started = performance.now();
      await release(target, source, staging);
      console.log(`${target.name}  ${((performance.now() - started) / 1000).toFixed(1)} s`);
    }
    copyFileSync(join(root, "scripts/install.sh"), join(staging, "install.sh"));
    writeChecksums(staging);
    rmSync(out, { recursive: true, force: true });
    renameSync(staging, out);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  console.log(relative(process.cwd(), out) || ".");
  return 0;
}

if (import.meta.main) process.exitCode = await main();
