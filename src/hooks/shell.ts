/** Reads a line of shell: which programs it runs, and in which directories. */
import { basename, isAbsolute, join } from "node:path";

import {
  type Assignment,
  type Command,
  forEachChild,
  parse,
  type SyntaxNode,
  type Word,
  type WordPart,
} from "unbash";

import { unwrapped } from "../identity/wrappers";

/** A program that a line of shell runs. */
export interface ShellCommand {
  /** Its words, the program's name first; null: known only once it runs. */
  argv: (string | null)[];
  /** Where it runs; null: known only then. */
  directory: string | null;
  /** Variables that are set for it alone. */
  env: ReadonlyMap<string, string | null>;
}

/** The state of the shell that runs a part of the line. */
interface Scope {
  directory: string | null;
  previous: string | null;
  variables: Map<string, string | null>;
  functions: Map<string, SyntaxNode>;
}

/** How deep lines within lines (`bash -c`, `eval`, functions) are followed. */
const maxDepth = 8;
/** Syntax nodes of a line that are visited, those of loops and functions each time. */
const maxNodes = 20_000;
/** A line with more substitutions is not read: nested, each costs a tenth of a millisecond. */
const maxSubstitutions = 1000;
/** Rounds of a loop that are followed one by one. */
const maxRounds = 20;

const shells = ["sh", "bash", "dash", "zsh", "ksh", "ash", "mksh"];
const declaring = ["export", "declare", "local", "typeset", "readonly"];

/** The programs that a line of Bash or POSIX shell runs, in order, each with the directory that the `cd` before it has led to. */
export function shellCommands(
  line: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): ShellCommand[] {
  // Of a faulty line, those before the fault are returned, since a shell runs those too.
  const reader = new Reader(env);
  const scope = { directory: cwd, previous: null, variables: new Map(), functions: new Map() };
  reader.read(line, scope, 0);
  return reader.found;
}

class Reader {
  readonly found: ShellCommand[] = [];
  private nodes = 0;

  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  read(text: string, scope: Scope, depth: number): void {
    if (text.split("$(").length <= maxSubstitutions) this.walk(parse(text), scope, depth);
  }

  private walk(node: SyntaxNode, scope: Scope, depth: number): void {
    if (++this.nodes > maxNodes) return;
    const each = (child: SyntaxNode): void => this.walk(child, scope, depth);
    const apart = (child: SyntaxNode): void => this.walk(child, forked(scope), depth);
    switch (node.type) {
      case "Command":
        return this.command(node, scope, depth);
      case "Statement":
        return node.background ? apart(node.command) : each(node.command);
      case "Pipeline":
        return node.commands.forEach(node.commands.length > 1 ? apart : each);
      case "If":
        [node.clause, node.then].forEach(each);
        return [...node.elif, ...(node.else ? [node.else] : [])].forEach(apart);
      case "For":
      case "Select":
        return this.loop(node, scope, depth);
      case "Function":
        return void scope.functions.set(node.name.value, node.body);
      case "CommandExpansion":
      case "ProcessSubstitution":
        return node.script && apart(node.script);
      case "Subshell":
      case "CaseItem":
      case "Coproc":
        return forEachChild(node, apart);
      default:
        return forEachChild(node, each);
    }
  }

  private loop(
    { name, wordlist, body }: Extract<SyntaxNode, { type: "For" | "Select" }>,
    scope: Scope,
    depth: number,
  ): void {
    const words = wordlist ?? [];
    for (const word of words) this.walk(word, forked(scope), depth);
    const values = words.slice(0, maxRounds).map((word) => this.valueOf(word, scope));
    for (const value of values.length > 0 ? values : [null]) {
      scope.variables.set(name.value, value);
      this.walk(body, scope, depth);
    }
  }

  private command(node: Command, scope: Scope, depth: number): void {
    forEachChild(node, (child) => this.walk(child, forked(scope), depth));
    const set = node.prefix.filter((each): each is Assignment => each.type === "Assignment");
    const env = new Map(set.map((each) => [each.name, this.assigned(each, scope)]));
    if (!node.name) return env.forEach((value, name) => scope.variables.set(name, value));
    const name = this.valueOf(node.name, scope);
    if (name !== null && declaring.includes(name)) {
      for (const each of node.args) {
        if (each.type === "Assignment") scope.variables.set(each.name, this.assigned(each, scope));
      }
    }
    const argv = [
      name,
      ...node.args.map((each) => (each.type === "Word" ? this.valueOf(each, scope) : each.text)),
    ];
    const [input] = node.redirects.flatMap((each) => {
      if (each.type === "HereDoc") return [each.body.text];
      return each.type === "HereString" && each.target ? [this.valueOf(each.target, scope)] : [];
    });
    this.run({ argv, directory: scope.directory, env }, input ?? null, scope, depth);
  }

  private run(call: ShellCommand, input: string | null, scope: Scope, depth: number): void {
    const { argv } = call;
    const [name, ...args] = argv;
    if (name == null || depth > maxDepth) return;
    const body = scope.functions.get(name);
    if (body) return this.walk(body, scope, depth + 1);
    if (name === "cd" || name === "pushd") return this.move(args, scope);
    if (name === "popd") return void (scope.directory = null);
    if (name === "eval") {
      const words = args.filter((word) => word !== null);
      return words.length === args.length
        ? this.read(words.join(" "), scope, depth + 1)
        : undefined;
    }
    if (shells.includes(basename(name))) {
      const text = scriptOf(args, input);
      return text === null ? undefined : this.read(text, forked(scope), depth + 1);
    }
    const inner = unwrapped(basename(name), args);
    if (inner) return this.run({ ...call, argv: inner }, input, scope, depth + 1);
    this.found.push(call);
  }

  private move(args: readonly (string | null)[], scope: Scope): void {
    const target = args.find((word) => word === null || word === "-" || !word.startsWith("-"));
    const { directory, previous } = scope;
    scope.previous = directory;
    if (target === "-") scope.directory = previous;
    else if (target === undefined) scope.directory = this.env["HOME"] ?? null;
    else scope.directory = target === null ? null : under(directory, target);
  }

  private assigned({ value, append, index }: Assignment, scope: Scope): string | null {
    return append || index || value.type !== "Word" ? null : this.valueOf(value, scope);
  }

  private valueOf(word: Word, scope: Scope): string | null {
    const [, tilde, rest] = /^(~)(\/[^]*)?$/.exec(word.parts ? "" : word.text) ?? [];
    if (tilde) return this.env["HOME"] === undefined ? null : this.env["HOME"] + (rest ?? "");
    return word.parts ? this.joined(word.parts, scope) : word.value;
  }

  private joined(parts: readonly WordPart[], scope: Scope): string | null {
    let text = "";
    for (const [index, part] of parts.entries()) {
      const piece = this.piece(part, scope);
      if (piece === null) return null;
      const home = index === 0 && part.type === "Literal" && part.text.startsWith("~/");
      text += home ? (this.env["HOME"] ?? "~") + piece.slice(1) : piece;
    }
    return text;
  }

  private piece(part: WordPart, scope: Scope): string | null {
    switch (part.type) {
      case "Literal":
      case "SingleQuoted":
      case "AnsiCQuoted":
        return part.value;
      case "DoubleQuoted":
      case "LocaleString":
        return this.joined(part.parts, scope);
      case "Glob":
      case "ExtendedGlob":
      case "BraceExpansion":
        return part.text;
      case "SimpleExpansion":
        return this.variable(part.text.slice(1), scope);
      case "ParameterExpansion":
        return part.operation || part.index || part.prefix
          ? null
          : this.variable(part.parameter, scope);
      case "CommandExpansion":
        return isDirectory(part.text) ? scope.directory : null;
      default:
        return null;
    }
  }

  private variable(name: string, { variables, directory }: Scope): string | null {
    const own = variables.get(name);
    if (own !== undefined) return own;
    return name === "PWD" ? directory : (this.env[name] ?? null);
  }
}

/** The state with which a subshell starts. */
const forked = (scope: Scope): Scope => ({ ...scope, variables: new Map(scope.variables) });

/** The text that a shell is given to run: behind `-c`, or on its standard input where no file is named. */
function scriptOf(args: readonly (string | null)[], input: string | null): string | null {
  for (const [index, word] of args.entries()) {
    if (word === null) return null;
    if (/^-[a-zA-Z]*c[a-zA-Z]*$/.test(word)) {
      return args.slice(index + 1).find((next) => next === null || !/^[-+]/.test(next)) ?? null;
    }
    const isValue = /^[-+][a-zA-Z]*[oO]$/.test(args[index - 1] ?? "");
    if (!/^[-+]/.test(word) && !isValue) return null;
  }
  return input;
}

/** A substitution that stands for the directory itself, or for the top of its worktree. */
const isDirectory = (substitution: string): boolean =>
  /^(?:\$\(|`)\s*(?:pwd(?: -[LP])?|git rev-parse --show-toplevel)\s*(?:2>\s*\/dev\/null\s*)?(?:\)|`)$/.test(
    substitution,
  );

const under = (directory: string | null, target: string): string | null =>
  isAbsolute(target) ? target : directory === null ? null : join(directory, target);
