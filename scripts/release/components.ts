/** Lists the packages in a binary, from the inputs of the bundler, the lock file and the packages themselves. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Target } from "../targets";

const root = join(import.meta.dir, "../..");

export interface Component {
  name: string;
  version: string;
  /** SPDX. */
  licence: string;
  /** The text of its licence files. */
  licenceText: string;
  /** As in the lock file: algorithm, a hyphen, Base64. */
  integrity: string;
  /** Names of the packages that it depends on, whether or not they are in the binary. */
  requires: readonly string[];
}

/** The part of `bun.lock`, version 2, that is used here. A package is `[name@version, registry, details, integrity]`. */
interface Lock {
  packages: Record<string, [string, string, { dependencies?: Record<string, string> }, string]>;
}

/** Headers that are compiled into the watcher's native half; the bundler sees none of their files. */
const inWatcher = "node_modules/node-addon-api";

/** The packages whose files are in a binary, in the order of their names. Throws where one has no licence. */
export function componentsOf(inputs: readonly string[]): Component[] {
  const lock = Bun.JSONC.parse(readFileSync(join(root, "bun.lock"), "utf8")) as Lock;
  const directories = new Set(inputs.flatMap((path) => packageDirectory(path) ?? []));
  return [...directories, inWatcher]
    .map((directory) => component(directory, lock))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** `node_modules/a`, or `node_modules/a/node_modules/b` for a version that only `a` uses; null outside packages. */
export function packageDirectory(path: string): string | null {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? null;
}

function component(directory: string, lock: Lock): Component {
  const path = join(root, directory);
  const locked =
    lock.packages[directory.replace(/^node_modules\//, "").replaceAll("/node_modules/", "/")];
  if (!locked || !existsSync(path)) {
    throw new Error(`${directory} is not installed, or not in bun.lock`);
  }
  const [id, , details, integrity] = locked;
  const { license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const texts = readdirSync(path)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .toSorted()
    .map((name) => readFileSync(join(path, name), "utf8").trim());
  if (typeof license !== "string" || texts.length === 0) {
    throw new Error(`${id} has no licence, or not its text`);
  }
  const at = id.lastIndexOf("@");
  return {
    name: id.slice(0, at),
    version: id.slice(at + 1),
    licence: license,
    licenceText: texts.join("\n\n"),
    integrity,
    requires: Object.keys(details.dependencies ?? {}),
  };
}

/** The watcher's native half that a target's binary carries. */
export function watcherOf({ binding }: Target): Buffer {
  return readFileSync(join(root, "node_modules", binding, "watcher.node"));
}

/** The page of Bun's documentation about its own licence and those of the libraries that it links. */
export function bunLicence(): string {
  const page = readFileSync(join(root, "node_modules/bun-types/docs/project/license.mdx"), "utf8");
  return page.replace(/^---\n[\s\S]*?\n---\n/, "").trim();
}
