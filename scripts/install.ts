/** Installs missing packages. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/**
 * Installs the packages of package.json where one is missing, and returns whether that was so. Runs before any package
 * is installed: it imports only builtins.
 */
export function installPackages(): boolean {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const wanted = Object.entries<string>({ ...dependencies, ...devDependencies });
  const missing = wanted.some(([name, version]) => installedVersion(name) !== version);
  if (missing) install([]);
  return missing;
}

/** Installs the watcher's bindings for every platform, and returns whether one was missing. */
export function installBindings(packages: readonly string[]): boolean {
  const missing = packages.some((name) => installedVersion(name) === null);
  // Without --production every platform's linter would be installed as well; installed packages stay.
  if (missing) install(["--production", "--os=*", "--cpu=*", "--libc=*"]);
  return missing;
}

function installedVersion(name: string): string | null {
  const path = join(root, "node_modules", name, "package.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).version : null;
}

function install(options: readonly string[]): void {
  const command = ["install", "--frozen-lockfile", ...options];
  const { status, stdout, stderr, error } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) {
    throw new Error(`bun ${command.join(" ")} failed:\n${error?.message ?? stdout + stderr}`);
  }
}
