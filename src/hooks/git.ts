/** Reads a call of git: which files of which worktree it may change. */
import { existsSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";

import type { ShellCommand } from "./shell";

/** What a call of git does to a worktree. */
export interface TreeChange {
  /** The call, shortened for messages. */
  call: string;
  /** A directory in the worktree. */
  directory: string;
  /** `branch`: no file changes, but commits that follow land elsewhere. */
  changes: "files" | "branch";
  /** Absolute paths below which files change; null: anywhere in the worktree. */
  paths: string[] | null;
}

type Word = string | null;

/** The words behind a subcommand. */
interface Words {
  flags: Set<string>;
  positionals: Word[];
  /** Behind `--`; null where that is missing. */
  paths: Word[] | null;
}

type Verdict = Omit<TreeChange, "call" | "directory"> & { directory?: string };

const anyFile: Verdict = { changes: "files", paths: null };
const onlyBranch: Verdict = { changes: "branch", paths: null };

interface Place {
  directory: string;
  exists(path: string): boolean;
}

type Rule = (words: Words, place: Place, args: readonly Word[]) => Verdict | null;

/** Options of a subcommand that take the next word as their value. */
const values: Readonly<Record<string, readonly string[]>> = {
  checkout: ["-b", "-B", "--orphan", "--conflict", "--pathspec-from-file"],
  switch: ["-c", "-C", "--create", "--force-create", "--orphan", "--conflict"],
  restore: ["-s", "--source", "--conflict", "--pathspec-from-file"],
  stash: ["-m", "--message", "--pathspec-from-file"],
  reset: ["--pathspec-from-file"],
  clean: ["-e", "--exclude"],
};

/** Any file may change, unless there is one of these flags. */
const anyUnless =
  (...without: string[]): Rule =>
  ({ flags }) =>
    has(flags, ...without) ? null : anyFile;

/** What is named may change, unless there is one of these flags. */
const pathsUnless =
  (...without: string[]): Rule =>
  ({ flags, positionals, paths }, place) =>
    has(flags, ...without) ? null : limited([...positionals, ...(paths ?? [])], place);

/** By subcommand, those that may change a worktree. */
export const rules: Readonly<Record<string, Rule>> = {
  checkout({ flags, positionals, paths }, place) {
    if (has(flags, "-b", "-B")) return isMoved(positionals[0]) ? anyFile : onlyBranch;
    if (has(flags, "--orphan")) return positionals.length > 0 ? anyFile : onlyBranch;
    if (paths && paths.length > 0) return limited(paths, place);
    const [first, ...more] = positionals;
    if (first === undefined) {
      if (has(flags, "-f", "--force", "-p", "--patch", "--pathspec-from-file")) return anyFile;
      return has(flags, "--detach", "-d") ? onlyBranch : null;
    }
    if (!paths && first !== null && place.exists(join(place.directory, first)))
      return limited(positionals, place);
    return more.length > 0 ? limited(more, place) : anyFile;
  },
  switch({ flags, positionals }) {
    if (has(flags, "--orphan")) return anyFile;
    const [start] = positionals;
    if (has(flags, "-c", "-C", "--create", "--force-create"))
      return isMoved(start) ? anyFile : onlyBranch;
    if (start !== undefined || has(flags, "-f", "--force", "--discard-changes")) return anyFile;
    return has(flags, "--detach", "-d") ? onlyBranch : null;
  },
  restore({ flags, positionals, paths }, place) {
    if (has(flags, "--staged", "-S") && !has(flags, "--worktree", "-W")) return null;
    return limited([...positionals, ...(paths ?? [])], place);
  },
  stash({ positionals, paths }, place, args) {
    const [action] = args;
    const named = typeof action === "string" && !action.startsWith("-");
    if (named && stashKeeping.includes(action)) return null;
    if (named && action !== "push") return anyFile;
    return limited([...positionals.slice(named ? 1 : 0), ...(paths ?? [])], place);
  },
  reset({ flags, positionals, paths }, place) {
    if (has(flags, "--hard", "--merge", "--keep")) return anyFile;
    const [commit] = positionals;
    if (paths || has(flags, "-p", "--patch") || !isMoved(commit)) return null;
    const isPath = commit != null && place.exists(join(place.directory, commit));
    // With a path behind the commit only the index changes.
    return isPath || positionals.length > 1 ? null : onlyBranch;
  },
  clean: pathsUnless("-n", "--dry-run"),
  rebase: anyUnless("--quit", "--edit-todo", "--show-current-patch"),
  merge: anyUnless("--quit", "--continue"),
  pull: anyUnless("--dry-run"),
  "cherry-pick": anyUnless("--quit"),
  revert: anyUnless("--quit"),
  am: anyUnless("--quit", "--show-current-patch"),
  rm: pathsUnless("--cached", "-n", "--dry-run"),
  mv: pathsUnless("-n", "--dry-run"),
  bisect: (_words, _place, [action]) =>
    action == null || ["log", "view", "visualize", "terms", "help"].includes(action)
      ? null
      : anyFile,
  worktree({ positionals: [action, tree] }, { directory }) {
    if ((action !== "remove" && action !== "move") || tree == null) return null;
    return { ...anyFile, directory: from(directory, tree) };
  },
};

const stashKeeping = ["list", "show", "drop", "clear", "create", "store", "export", "import"];

/** Options before the subcommand that take the next word as their value. */
const globalValues = ["-c", "--namespace", "--exec-path", "--config-env", "--attr-source"];

/** What a program of a line of shell does to a worktree; null where it changes none or is not git. */
export function treeChange(
  { argv, directory, env }: ShellCommand,
  exists: (path: string) => boolean = existsSync,
): TreeChange | null {
  const [program, ...words] = argv;
  if (program == null || basename(program).replace(/\.exe$/i, "") !== "git") return null;
  let place = directory;
  let tree = env.get("GIT_WORK_TREE");
  let index = 0;
  for (; index < words.length; index++) {
    const word = words[index]!;
    if (word === null) return null;
    const [option, value] = split(word);
    if (!option.startsWith("-")) break;
    const next = (): Word => (value !== null ? value : (words[++index] ?? null));
    if (option === "-C") place = moved(place, next());
    else if (option === "--work-tree") tree = next();
    else if (option === "--git-dir" || globalValues.includes(option)) next();
    else if (option === "--help" || option === "-h" || option === "--version") return null;
  }
  if (tree !== undefined) place = moved(place, tree);
  const [name, ...args] = words.slice(index);
  const rule = name != null && Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (name == null || !rule || place === null) return null;
  const read = wordsOf(args, values[name] ?? []);
  if (has(read.flags, "--help", "-h")) return null;
  const verdict = rule(read, { directory: place, exists }, args);
  return verdict && { call: shortened(name, args), directory: place, ...verdict };
}

function wordsOf(args: readonly Word[], taking: readonly string[]): Words {
  const flags = new Set<string>();
  const positionals: Word[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (word === "--") return { flags, positionals, paths: args.slice(index + 1) };
    if (word === null || word === "-" || !word.startsWith("-")) positionals.push(word);
    else if (word.startsWith("--")) {
      const [option, value] = split(word);
      flags.add(option);
      if (value === null && taking.includes(option)) index++;
    } else {
      for (let at = 1; at < word.length; at++) {
        const option = `-${word[at]}`;
        flags.add(option);
        if (!taking.includes(option)) continue;
        // The value is the rest of the word, or the next one.
        if (at === word.length - 1) index++;
        break;
      }
    }
  }
  return { flags, positionals, paths: null };
}

const has = (flags: ReadonlySet<string>, ...names: string[]): boolean =>
  names.some((name) => flags.has(name));

/** The word names another commit than the one that is checked out. */
const isMoved = (commit: Word | undefined): boolean =>
  commit !== undefined && commit !== "HEAD" && commit !== "@";

/** `--option=value` in two. */
function split(word: string): [option: string, value: string | null] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
}

const moved = (directory: string | null, to: Word): string | null =>
  to === null ? null : isAbsolute(to) ? to : directory === null ? null : join(directory, to);

const from = (directory: string, path: string): string =>
  isAbsolute(path) ? path : join(directory, path);

/** Changes below these paths; of a pattern, below the directory above it. Anywhere where a path is not known or has magic. */
function limited(paths: readonly Word[], { directory }: Place): Verdict {
  if (paths.length === 0 || paths.some((path) => path === null || path.startsWith(":")))
    return anyFile;
  const known = paths.filter((path) => path !== null).map((path) => from(directory, fixed(path)));
  return { changes: "files", paths: known };
}

function fixed(pathspec: string): string {
  const pattern = pathspec.search(/[*?[{]/);
  if (pattern < 0) return pathspec;
  const slash = pathspec.lastIndexOf("/", pattern);
  return slash < 0 ? "." : pathspec.slice(0, slash + 1);
}

function shortened(name: string, args: readonly Word[]): string {
  const text = ["git", name, ...args.map((word) => word ?? "…")].join(" ");
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
