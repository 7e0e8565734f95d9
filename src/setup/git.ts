/** Installs parley in a repository's hook before commits. */
import { isUtf8 } from "node:buffer";
import { existsSync, lstatSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";

import { ParleyError } from "../bus/errors";
import { shellQuote } from "../bus/text";
import { findFile, textOf } from "./files";
import { installable, type Owner, programOfHook } from "./program";
import type { ConfigFile, Editor, Place, InstallState, VendorSetup } from "./vendor";

/** A hook that is no shell script is kept beside the hook's own path, with this suffix, and run from there. */
const keptSuffix = ".before-parley";
/** Runs the kept hook by its fixed name, since other tools rename the script around it. Without the file the commit goes on. */
const runKept = `kept="\${0%/*}/pre-commit${keptSuffix}"
[ ! -x "$kept" ] || exec "$kept" "$@"
`;

const [begin, end] = ["# parley setup git: begin", "# parley setup git: end"];
const block = new RegExp(`^${begin}.*\\n[^]*?^${end}\\n`, "m");

/** Parley's block in the hook. Only exit code 2 refuses: a parley that is missing or fails lets the commit through. */
const blockOf = (program: string): string => `${begin} (parley setup git --remove takes this out)
if [ -x ${shellQuote(program)} ]; then
  ${shellQuote(program)} hook git pre-commit </dev/null || [ $? -ne 2 ] || exit 1
fi
${end}
`;

const shebang = "#!/bin/sh\n";

/** The hook before commits of the repository around the working directory. It is set up by name only: git is no agent. */
export const git: VendorSetup = {
  name: "git",
  title: "git",
  command: "git",
  directory: hooksDirectory,

  files(place, owner) {
    return hookFiles(this.directory(place), owner);
  },

  notes(place) {
    const directory = this.directory(place);
    const path = hookOf(directory);
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0o100;
    return [
      ...((mode & 0o100) === 0 ? [`it does not run ${path}, which is not executable`] : []),
      ...(/[/\\]\.husky[/\\]_$/.test(directory)
        ? [`husky writes ${directory} anew: run parley setup git again after that`]
        : isGitDirectory(directory)
          ? []
          : relative(place.root, directory).startsWith("..")
            ? [`its core.hooksPath is ${directory}, which may serve other repositories too`]
            : [
                `its core.hooksPath is ${directory}, in the worktree: commit nothing of ours there`,
              ]),
      "git commit --no-verify passes the hook by",
    ];
  },
};

/** The hook in git's directory of hooks, and the hook kept beside it. Throws `invalid` for a hook that is no script. */
export function hookFiles(directory: string, owner: Owner): [ConfigFile, ...ConfigFile[]] {
  const path = hookOf(directory);
  const kept = path + keptSuffix;
  const { bytes } = findFile(path);
  if (!isScript(bytes))
    throw unfit(path, "no script in UTF-8, so no line can be put into it", "script");
  const text = bytes && textOf(path, bytes);
  // A kept hook counts only while the script that runs it is in place.
  const isChain = text !== null && block.test(text) && text.includes(runKept);
  const base = isChain ? findFile(kept).bytes : bytes;
  const before = base && textOf(isChain ? kept : path, base);
  const hook = { part: "hooks", path, executable: true } as const;
  if (before === null || (!isChain && isShell(before)))
    return [{ ...hook, editor: blockEditor(owner) }];
  return [
    { ...hook, editor: chainEditor(owner, before), ...(isChain ? { base } : {}) },
    { ...hook, path: kept, editor: keptEditor(path, before, isChain) },
  ];
}

export const hookOf = (directory: string): string => join(directory, "pre-commit");

/** A hook may also be a binary program, which takes no line. */
export const isScript = (bytes: Buffer | null): boolean =>
  bytes === null || (isUtf8(bytes) && !bytes.includes(0));

const unfit = (path: string, what: string, script: string): ParleyError =>
  new ParleyError("invalid", `${path} is ${what}`, {
    hint: `have a ${script} in its place run it, then run parley setup git again; nothing was changed`,
    details: { path },
  });

/** Inside a `.git`: a linked worktree's hooks are those of its repository, above its root. */
const isGitDirectory = (directory: string): boolean => existsSync(join(directory, "../HEAD"));

/** As git itself finds it: `core.hooksPath`, or `hooks` of the repository that all its worktrees share. */
function hooksDirectory({ env, cwd }: Place): string {
  const program = Bun.which("git", { PATH: env["PATH"] ?? "", cwd });
  const command = ["rev-parse", "--path-format=absolute", "--git-path", "hooks"];
  const own = Object.entries(env).filter(([name]) => !name.startsWith("GIT_"));
  const found = program
    ? Bun.spawnSync([program, ...command], { cwd, env: Object.fromEntries(own) })
    : null;
  if (found?.success) return found.stdout.toString().replace(/\n$/, "");
  throw new ParleyError(
    "not_found",
    found ? "No repository of git is here" : "git is not on the PATH",
    {
      hint: found ? "run parley setup git inside the repository" : "install git",
    },
  );
}

/** A script without a first line that names an interpreter is run by `sh`. */
function isShell(text: string): boolean {
  if (!text.startsWith("#!")) return true;
  const [first = ""] = text.slice(2).split("\n");
  const [program = "", ...words] = first.trim().split(/\s+/);
  const isEnv = basename(program) === "env";
  const name = isEnv ? (words.find((word) => !/^-|=/.test(word)) ?? "") : program;
  return /^(?:ba|da|k|z|a)?sh$/.test(basename(name));
}

/** Parley's lines at the top of a shell script, before it can exit or change anything. */
function blockEditor(owner: Owner): Editor {
  return {
    install(text) {
      const own = blockOf(installable(owner));
      if (text === null) return shebang + own;
      if (block.test(text)) return text.replace(block, () => own);
      const first = text.startsWith("#!") ? /^[^\n]*(?:\n|$)/.exec(text)![0] : "";
      const whole = first === "" || first.endsWith("\n") ? first : `${first}\n`;
      return whole + own + text.slice(first.length);
    },
    remove(text, base) {
      const rest = text.replace(block, "");
      if (rest === text) return text;
      return rest === shebang && base === null ? null : rest;
    },
    inspect: (text) => stateOf(text, owner),
  };
}

/** A script of parley's own, which then runs the hook that was there. */
function chainEditor(owner: Owner, original: string): Editor {
  return {
    install: (text) =>
      text !== null && block.test(text)
        ? text.replace(block, () => blockOf(installable(owner)))
        : `${shebang}${blockOf(installable(owner))}${runKept}`,
    remove: (text) => (block.test(text) ? original : text),
    inspect: (text) => stateOf(text, owner),
  };
}

function keptEditor(hook: string, original: string, isRun: boolean): Editor {
  return {
    install() {
      // Another path that leads to the linked script would find no kept hook beside it.
      if (!isRun && lstatSync(hook).isSymbolicLink())
        throw unfit(hook, "a link to a script that others may run too", "shell script");
      return original;
    },
    remove: (text) => (isRun ? null : text),
    inspect: (text) => ({
      state: text === null ? "absent" : "complete",
      programs: [],
      missing: [],
    }),
  };
}

function stateOf(text: string | null, owner: Owner): InstallState {
  const [own] = block.exec(text ?? "") ?? [];
  if (own === undefined) return { state: "absent", programs: [], missing: [] };
  const [call] = /^ +.* hook git(?= pre-commit)/m.exec(own) ?? [];
  const named = programOfHook(call, "git", owner);
  const complete = owner.program === null || own === blockOf(owner.program);
  return {
    state: complete ? "complete" : "partial",
    programs: named === null ? [] : [named],
    missing: complete ? [] : ["this version of parley"],
  };
}
