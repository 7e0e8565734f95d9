/** A program's names and script, by its command line. */

/** A program, as its process shows it. */
export interface Program {
  /** The kernel's name of the process. */
  comm: string;
  argv: readonly string[];
}

// Plain lists and string tests: compiling regular expressions would take the most time of finding the caller.
const shells = ["sh", "bash", "dash", "zsh", "fish", "ksh", "mksh", "ash", "tcsh", "csh", "yash"];
const interpreters = ["node", "nodejs", "bun", "deno", "ruby", "python", "pypy"];
const codeOptions = ["-c", "-e", "-p", "-pe", "--eval", "--print", "-"];
/** Options of interpreters whose value is the next argument. */
const optionsWithValue = [
  ...["-r", "--require", "--import", "--loader", "--experimental-loader", "--env-file"],
  ...["-C", "--conditions", "--preload", "--cwd", "-W", "-X"],
];

/** A process's names: the kernel's, and that of its first argument, which a renamed main thread does not change. */
export function programNames({ comm, argv }: Program): string[] {
  const own = plain(comm);
  const first = argv[0] ?? "";
  // A title set by the program itself ("npm exec @openai/codex") is no path: its first word is the program.
  const name = plain(first.startsWith("/") ? first : firstWord(first));
  return name === "" || name === own ? [own] : [own, name];
}

/** Last part of a path, without a login shell's dash. */
export function plain(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.startsWith("-") ? name.slice(1) : name;
}

export function firstWord(text: string): string {
  const space = text.indexOf(" ");
  return space < 0 ? text : text.slice(0, space);
}

export const isShell = (program: Program): boolean =>
  programNames(program).some((name) => shells.includes(name));

/** What a shell was started for: `-c` commands, a script file, or a user's input. */
export type ShellUse = "one-shot" | "interactive" | { script: string };

export function shellUse(argv: readonly string[]): ShellUse {
  for (let i = 1; i < argv.length; i++) {
    const argument = argv[i]!;
    const isOption = argument.startsWith("-") || argument.startsWith("+");
    if (!isOption) return argument === "" ? "interactive" : { script: argument };
    if (argument === "-" || argument === "--") {
      const script = argv[i + 1];
      return script ? { script } : "interactive";
    }
    if (argument.startsWith("--")) {
      if (argument === "--command" || argument.startsWith("--command=")) return "one-shot";
      if (argument === "--rcfile" || argument === "--init-file") i++;
    } else if (argument.startsWith("-") && argument.includes("c")) return "one-shot";
    else if (argument.startsWith("-") && argument.includes("s")) return "interactive";
    else if (argument.endsWith("o") || argument.endsWith("O")) i++;
  }
  return "interactive";
}

/** The script or `-m` module that an interpreter or a shell runs; null for any other program. */
export const scriptOf = (program: Program): string | null =>
  program.argv[scriptIndex(program)] ?? null;

/** A program's own arguments, without those of its interpreter. */
export const argumentsOf = (program: Program): readonly string[] =>
  program.argv.slice(Math.max(scriptIndex(program), 0) + 1);

function scriptIndex(program: Program): number {
  const { argv } = program;
  if (isShell(program)) {
    const use = shellUse(argv);
    return typeof use === "object" ? argv.indexOf(use.script, 1) : -1;
  }
  if (!programNames(program).some(isInterpreter)) return -1;
  for (let i = 1; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === "-m") return i + 1;
    if (codeOptions.includes(argument)) return -1;
    if (optionsWithValue.includes(argument)) i++;
    else if (!argument.startsWith("-") && !(argument === "run" && i === 1)) return i;
  }
  return -1;
}

/** Also `python3.12`. */
const isInterpreter = (name: string): boolean =>
  interpreters.includes(name) || name.startsWith("python3") || name.startsWith("pypy3");
