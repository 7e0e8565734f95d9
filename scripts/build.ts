/** `bun run build [--target NAME | --all]`: the host's binary is `dist/parley`, others `dist/NAME/parley`. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

import packageJson from "../package.json";
import { installBindings, installPackages } from "./install";
import { findTarget, hostTarget, type Target, targets } from "./targets";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");

/** Compiles one target and returns the path of its executable. Throws with the compiler's messages. */
export async function build(target: Target): Promise<string> {
  const directory = target.name === hostTarget().name ? dist : join(dist, target.name);
  const executable = `parley${target.suffix}`;
  mkdirSync(directory, { recursive: true });
  // A running binary cannot be written to, only replaced. Its file name is part of what is compiled, so that only the
  // directory differs here.
  const staging = mkdtempSync(join(dist, ".build-"));
  try {
    const staged = join(staging, executable);
    await compile(target, staged);
    renameSync(staged, join(directory, executable));
  } finally {
    rmSync(staging, { recursive: true });
  }
  return join(directory, executable);
}

async function compile(target: Target, outfile: string): Promise<void> {
  const { metafile } = await Bun.build({
    entrypoints: [join(root, "src/main.ts")],
    root,
    format: "esm",
    minify: true,
    bytecode: true,
    // A verb loads what it needs and no more: 0.6 ms off the smallest of them.
    splitting: true,
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
      // Nothing runs long enough to repay compiling it: 1.5 ms off every command. What does run long says so
      // itself, by Bun.unsafe.setJITPolicy(1).
      jitPolicy: 8,
      // The current directory is somebody else's repository: nothing in it configures parley.
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
  const outputs = Object.values(metafile?.outputs ?? {});
  assertBinding(
    outputs.flatMap(({ inputs }) => Object.keys(inputs)),
    target,
  );
}

/** Replaces the development lookup by one literal `require`, the only form the bundler embeds. */
function bind(builder: Bun.PluginBuilder, { binding }: Target): void {
  builder.onLoad({ filter: /[/\\]src[/\\]wake[/\\]binding\.ts$/ }, () => ({
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

function commit(): string {
  const { status, stdout } = spawnSync("git", ["rev-parse", "--short=12", "HEAD"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : "unknown";
}

function selected(): readonly Target[] {
  const { values } = parseArgs({
    options: { target: { type: "string", multiple: true }, all: { type: "boolean" } },
  });
  if (values.all) return targets;
  return values.target?.map(findTarget) ?? [hostTarget()];
}

/** Returns the exit code. */
async function main(): Promise<number> {
  const wanted = selected();
  const packages = installPackages();
  const bindings = installBindings(wanted.map((target) => target.binding));
  if (packages || bindings) {
    // This process has already looked at the node_modules of before.
    const again = spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit" });
    return again.status ?? 1;
  }
  for (const target of wanted) {
    const started = performance.now();
    const path = await build(target);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const mebibytes = Math.round(statSync(path).size / 2 ** 20);
    console.log(`${relative(root, path)}  ${target.name}  ${mebibytes} MiB  ${seconds} s`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main();
