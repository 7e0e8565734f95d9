/**
 * `bun run build [--target NAME | --all] [--out DIR]`: compiles the binaries. The host's is `dist/parley`, others are
 * `dist/NAME/parley`; with `--out` each is `DIR/NAME/parley`.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

import packageJson from "../package.json";
import { signAdHoc, signatureFault } from "./codesign";
import { installBindings, installPackages } from "./install";
import { findTarget, hostTarget, type Target, targets } from "./targets";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");

export interface Built {
  /** The executable. */
  path: string;
  /** The files that were compiled into it: paths from the root of the repository, with `/`. */
  inputs: readonly string[];
}

/** The directory of a target's executable unless `--out` names another. */
function outputDirectory(target: Target): string {
  return target.name === hostTarget().name ? dist : join(dist, target.name);
}

/** Compiles one target into a directory. Throws with the compiler's messages. */
export async function build(target: Target, directory = outputDirectory(target)): Promise<Built> {
  const executable = `parley${target.suffix}`;
  mkdirSync(directory, { recursive: true });
  // A running binary cannot be written to, only replaced. Its file name is part of what is compiled, so that only the
  // directory differs here.
  const staging = mkdtempSync(join(directory, ".build-"));
  try {
    const staged = join(staging, executable);
    const inputs = await compile(target, staged);
    if (target.name.startsWith("darwin-")) sign(staged);
    renameSync(staged, join(directory, executable));
    return { path: join(directory, executable), inputs };
  } finally {
    rmSync(staging, { recursive: true });
  }
}

/** Bun 1.4.5 signs what it compiles for arm64 only; for x64 it leaves the signature of the bare runtime. */
function sign(path: string): void {
  const image = readFileSync(path);
  if (signatureFault(image) !== null) writeFileSync(path, signAdHoc(image, "parley"));
}

async function compile(target: Target, outfile: string): Promise<readonly string[]> {
  // Paths from the current directory are part of what is compiled.
  process.chdir(root);
  const { metafile } = await Bun.build({
    entrypoints: [join(root, "src/main.ts")],
    root,
    format: "esm",
    minify: true,
    bytecode: true,
    // A verb loads what it needs and no more: 0.6 ms off the smallest of them.
    splitting: true,
    // Any size: each piece that is loaded costs, and folding one into another never loads more.
    minChunkSize: Number.MAX_SAFE_INTEGER,
    // Embedded, so that a copied binary names source lines.
    sourcemap: "linked",
    metafile: true,
    compile: {
      target: target.bun,
      outfile,
      // 0.4 ms of 11.5 for a whole `register`; recorded by profile.ts.
      bytecodeOrder: ["message", "register", "hook"]
        .map((verb) => join(import.meta.dir, `startup-${verb}.order`))
        .filter((path) => existsSync(path)),
      // Commands end before compiling would pay: 1.5 ms off every command. Those that run long call
      // Bun.unsafe.setJITPolicy(1).
      jitPolicy: 8,
      // The current directory is another project's repository: nothing in it configures parley.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    define: {
      PARLEY_VERSION: JSON.stringify(packageJson.version),
      PARLEY_COMMIT: JSON.stringify(commit()),
      PARLEY_TARGET: JSON.stringify(target.name),
    },
    plugins: [{ name: "watcher binding", setup: (builder) => bind(builder, target) }],
  });
  const files = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) => Object.keys(inputs));
  assertBinding(files, target);
  return [...new Set(files)].map((path) => path.replaceAll("\\", "/")).toSorted();
}

/** Replaces the development lookup by one literal `require`, the only form the bundler embeds. */
function bind(builder: Bun.PluginBuilder, { binding }: Target): void {
  builder.onLoad({ filter: /[/\\]src[/\\]change-signal[/\\]parcel-binding\.ts$/ }, () => ({
    contents: `export default require(${JSON.stringify(binding)});`,
    loader: "js",
  }));
}

/** A missing binding compiles silently and fails only where the binary runs. */
function assertBinding(files: readonly string[], { name, binding }: Target): void {
  const embedded = files.filter((path) => path.endsWith(".node"));
  if (embedded.length !== 1 || !embedded[0]!.includes(`${binding}/`)) {
    throw new Error(
      `${name}: expected one native file of ${binding}, found ${embedded.join(", ") || "none"}`,
    );
  }
}

/** The commit that is built, as `--version` shows it. */
function commit(): string {
  const { status, stdout } = spawnSync("git", ["rev-parse", "--short=12", "HEAD"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : "unknown";
}

/**
 * Installs the packages that these targets need. Where one was missing the script starts again, since this process has
 * already resolved modules from the earlier node_modules: returns the exit code of the second run, else null.
 */
export function startAgainWith(wanted: readonly Target[]): number | null {
  const packages = installPackages();
  const bindings = installBindings(wanted.map((target) => target.binding));
  if (!packages && !bindings) return null;
  const second = spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit" });
  return second.status ?? 1;
}

/** Returns the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      all: { type: "boolean" },
      out: { type: "string" },
    },
  });
  const wanted = values.all ? targets : (values.target?.map(findTarget) ?? [hostTarget()]);
  const exitCode = startAgainWith(wanted);
  if (exitCode !== null) return exitCode;
  for (const target of wanted) {
    const started = performance.now();
    const directory =
      values.out === undefined ? outputDirectory(target) : join(resolve(values.out), target.name);
    const { path } = await build(target, directory);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const mebibytes = Math.round(statSync(path).size / 2 ** 20);
    console.log(`${relative(root, path)}  ${target.name}  ${mebibytes} MiB  ${seconds} s`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main();
