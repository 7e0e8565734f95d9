/** Plans the changes of files, and of links to the program by the seeds' names of commands. */
import { lstatSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

import type { Warning } from "../bus/errors";
import type { SetupPart } from "../bus/setup";
import { assertWritable, bytesOf, findFile, textOf } from "./files";
import { hashOf, type Manifest, type ManifestStore } from "./manifest";
import type { ConfigFile } from "./vendor";

/** A file of one agent. */
export interface VendorFile extends ConfigFile {
  vendor: string;
}

/** The change of one file; null bytes: no file. */
export interface FileChange {
  vendor: string;
  part: SetupPart;
  path: string;
  target: string;
  before: Buffer | null;
  after: Buffer | null;
  /** The file without parley's part. */
  base: Buffer | null;
  executable: boolean;
}

/** What installing changes. Reads only; throws for the first file that cannot be edited or written. */
export function planInstall(
  files: readonly VendorFile[],
  manifest: Manifest,
  store: ManifestStore,
): { changes: FileChange[]; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const changes = byTarget(files).flatMap(([first, ...more]): FileChange[] => {
    const { vendor, part, path, target, bytes, text, executable = false } = first;
    const editors = [first, ...more].map(({ editor }) => editor);
    for (const each of [first, ...more]) {
      if (each.editor.inspect(text).state === "foreign") warnings.push(kept(each.path));
    }
    const next = editors.reduce<string | null>((each, editor) => editor.install(each), text);
    if (next === null || next === text) return [];
    assertWritable(path, target);
    const after = bytesOf(next, bytes);
    const base = bytes === null || text === null ? null : baseOf(first, editors, manifest, store);
    return [{ vendor, part, path, target, before: bytes, after, base, executable }];
  });
  return { changes, warnings };
}

/** What removing changes: a file that no other program has touched becomes what it was, byte for byte. */
export function planRemoval(
  files: readonly VendorFile[],
  manifest: Manifest,
  store: ManifestStore,
): FileChange[] {
  return byTarget(files).flatMap(([first, ...more]): FileChange[] => {
    const { vendor, part, path, target, bytes, text, executable = false } = first;
    if (bytes === null || text === null) return [];
    const editors = [first, ...more].map(({ editor }) => editor);
    if (editors.every((editor) => editor.remove(text, null) === text)) return [];
    const after = baseOf(first, editors, manifest, store);
    assertWritable(path, target);
    return [{ vendor, part, path, target, before: bytes, after, base: after, executable }];
  });
}

interface Read extends VendorFile {
  target: string;
  bytes: Buffer | null;
  text: string | null;
}

/** Several parts may stand in one file, and several paths lead to it. */
function byTarget(files: readonly VendorFile[]): [Read, ...Read[]][] {
  const groups = new Map<string, [Read, ...Read[]]>();
  for (const file of files) {
    const { target, bytes } = findFile(file.path);
    const read = { ...file, target, bytes, text: bytes && textOf(file.path, bytes) };
    const group = groups.get(target);
    if (group) group.push(read);
    else groups.set(target, [read]);
  }
  return [...groups.values()];
}

/** An existing file without parley's part. */
function baseOf(
  { target, bytes, text, base }: Read,
  editors: readonly ConfigFile["editor"][],
  manifest: Manifest,
  store: ManifestStore,
): Buffer | null {
  if (base !== undefined) return base;
  const known = manifest.files[target];
  const backup = known?.base == null ? null : store.backup(known.base);
  const isIntact = known !== undefined && bytes !== null && known.after === hashOf(bytes);
  if (isIntact && (known.base === null || backup !== null)) return backup;
  const original = backup && textOf(target, backup);
  const rest = editors.reduce<string | null>(
    (each, editor) => each && editor.remove(each, original),
    text,
  );
  const isEmpty = rest === null || /^\s*(\{\s*\})?\s*$/.test(rest);
  if (rest === null || (isEmpty && known?.base === null)) return null;
  return rest === text ? bytes : bytesOf(rest, bytes);
}

const kept = (path: string): Warning => ({
  code: "kept",
  message: `${path} has something else by that name, which was left as it is`,
});

export interface LinkChange {
  path: string;
  /** Its present target; null where there is no link. */
  before: string | null;
  after: string | null;
}

/** Links to the program by each of the names. Anything else that has such a name is left alone. */
export function planLinks(
  directory: string,
  names: readonly string[],
  program: string,
  manifest: Manifest,
): { links: LinkChange[]; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const links = names.flatMap((name): LinkChange[] => {
    const path = join(directory, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const before = found?.isSymbolicLink() ? readlinkSync(path) : null;
    if (before === program) return [];
    if (found && (before === null || !isOwnLink(path, before, manifest))) {
      warnings.push({ code: "kept", message: `${path} is something else, and was left as it is` });
      return [];
    }
    assertWritable(path, directory);
    return [{ path, before, after: program }];
  });
  return { links, warnings };
}

/** The links in the directory, where one is named; otherwise those in the manifest. */
export function planUnlinking(
  directory: string | null,
  names: readonly string[],
  manifest: Manifest,
): LinkChange[] {
  const paths = directory === null ? manifest.links : names.map((name) => join(directory, name));
  return [...new Set(paths)].flatMap((path) => {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return [];
    const before = readlinkSync(path);
    return isOwnLink(path, before, manifest) ? [{ path, before, after: null }] : [];
  });
}

const isOwnLink = (path: string, to: string, { links, programs }: Manifest): boolean =>
  (links.includes(path) && programs.includes(to)) || /^parley/i.test(basename(to));
