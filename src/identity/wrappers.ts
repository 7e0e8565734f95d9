/** Programs that only run another: which processes they are, and how their command lines are read. */
import type { AgentSigns } from "./known-agents";
import {
  firstWord,
  isShell,
  plain,
  type Program,
  programNames,
  scriptOf,
  shellUse,
} from "./program-name";

/** How the words of another program are found in the command line of the one that runs it. */
interface Wrapper {
  /** Its options that take the next word as their value. */
  values?: readonly string[];
  /** Words of its own before the other's. */
  own?: number;
  /** `NAME=VALUE` may come first. */
  assigns?: true;
  /** With one of these it runs nothing, or not as it is written. */
  not?: readonly string[];
  /** It adds words that are not in the line. */
  adds?: true;
}

/** Programs that only run another one, are new for each call, and whose command lines are understood. */
const wrappers: Readonly<Record<string, Wrapper>> = {
  env: { values: ["-u", "--unset"], assigns: true, not: ["-C", "--chdir", "-S", "--split-string"] },
  sudo: {
    values: ["-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "-T", "-U"],
    assigns: true,
    not: ["-D", "--chdir", "-l", "--list", "-e", "--edit"],
  },
  doas: { values: ["-u", "-C"] },
  nice: { values: ["-n", "--adjustment"] },
  ionice: { values: ["-c", "--class", "-n", "--classdata"] },
  nohup: {},
  setsid: {},
  stdbuf: { values: ["-i", "--input", "-o", "--output", "-e", "--error"] },
  time: { values: ["-f", "--format", "-o", "--output"] },
  timeout: { values: ["-s", "--signal", "-k", "--kill-after"], own: 1 },
  flock: { values: ["-w", "--timeout", "-E", "--conflict-exit-code"], own: 1, not: ["-c"] },
  xargs: {
    values: ["-n", "-I", "-P", "-L", "-d", "-s", "-E", "-a", "--max-args", "--max-procs"],
    adds: true,
  },
};

/** Further programs of that kind. */
const others = [
  ...["gtimeout", "chrt", "taskset", "unbuffer", "script", "strace", "ltrace", "find", "parallel"],
  ...["make", "gmake", "just", "su", "runuser", "pkexec", "chroot", "unshare", "nsenter"],
  ...["setpriv", "systemd-run", "bwrap", "firejail", "sandbox-exec", "npm", "npx", "pnpm"],
  ...["pnpx", "yarn", "bunx", "corepack", "uv", "uvx", "pipx", "poetry", "mise", "direnv"],
];

/** Programs that become the parent of processes whose own parent has ended. */
const inits = ["systemd", "init", "launchd", "tini", "dumb-init", "docker-init", "catatonit"];

/** A process that passes a command on and then ends: no session can be named after it. */
export function isWrapper(agents: readonly AgentSigns[], program: Program): boolean {
  const { argv } = program;
  const isNamed = (name: string): boolean =>
    Object.hasOwn(wrappers, name) ||
    others.includes(name) ||
    agents.some((agent) => agent.wrappers?.includes(name));
  const names = programNames(program);
  // A process title ("npm run test") shows in the kernel's name too.
  if (names.some((name) => isNamed(firstWord(name)))) return true;
  if (isShell(program) && shellUse(argv) === "one-shot") return true;
  if (names.includes("busybox")) {
    return isWrapper(agents, { comm: plain(argv[1] ?? ""), argv: argv.slice(1) });
  }
  if (names.includes("bun") && runsScript(argv)) return true;
  const script = scriptOf(program);
  if (script === null) return false;
  const name = plain(script);
  // `node /usr/lib/node_modules/npm/bin/npx-cli.js`, before it sets its title.
  return isNamed(name) || (name.endsWith("js") && isNamed(stem(name)));
}

/** `bun x PACKAGE` and `bun run NAME` start another program; `bun run FILE` is the program. */
const runsScript = ([, verb, name = ""]: readonly string[]): boolean =>
  verb === "x" || (verb === "run" && name !== "" && !name.includes(".") && !name.includes("/"));

const stem = (name: string): string => name.replace(/(-cli)?\.[cm]?js$/, "");

export const isInit = (pid: number, program: Program): boolean =>
  pid === 1 || programNames(program).some((name) => inits.includes(name));

const builtins: Readonly<Record<string, Wrapper>> = {
  command: { not: ["-v", "-V"] },
  builtin: {},
  exec: { values: ["-a"] },
};

/** The command line of the program that this one runs; null where its arguments name none. */
export function unwrapped(
  name: string,
  args: readonly (string | null)[],
): (string | null)[] | null {
  const wrapper = [builtins, wrappers].find((table) => Object.hasOwn(table, name))?.[name];
  if (!wrapper) return null;
  const { values = [], own = 0, assigns = false, not = [], adds = false } = wrapper;
  let index = 0;
  for (; index < args.length; index++) {
    const word = args[index]!;
    if (word === null) break;
    if (not.includes(word.split("=", 1)[0]!)) return null;
    if (word === "--") {
      index++;
      break;
    }
    if (values.includes(word)) index++;
    else if (!(word.length > 1 && word.startsWith("-")) && !(assigns && /^\w+=/.test(word))) break;
  }
  const inner = args.slice(index + own);
  return inner.length === 0 ? null : adds ? [...inner, null] : inner;
}
