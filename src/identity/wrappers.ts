/** Programs that only run another. */
import {
  firstWord,
  isShell,
  plain,
  type Program,
  programNames,
  scriptOf,
  shellUse,
} from "./program-name";

/** Programs that only run another one and are new for each call. */
const wrappers = [
  ...["env", "timeout", "gtimeout", "time", "nice", "ionice", "chrt", "taskset", "nohup", "setsid"],
  ...["stdbuf", "unbuffer", "script", "flock", "strace", "ltrace", "xargs", "find", "parallel"],
  ...["make", "gmake", "just", "sudo", "doas", "su", "runuser", "pkexec", "chroot", "unshare"],
  ...["nsenter", "setpriv", "systemd-run", "bwrap", "firejail", "sandbox-exec"],
  ...["npm", "npx", "pnpm", "pnpx", "yarn", "bunx", "corepack", "uv", "uvx", "pipx", "poetry"],
  ...["mise", "direnv", "codex-linux-sandbox", "codex-linux-san"],
];

/** Parents of whatever lost its own. */
const inits = ["systemd", "init", "launchd", "tini", "dumb-init", "docker-init", "catatonit"];

/** A process that passes a command on and then ends: no session can be named after it. */
export function isWrapper(program: Program): boolean {
  const { argv } = program;
  const names = programNames(program);
  // A process title ("npm run test") shows in the kernel's name too.
  if (names.some((name) => wrappers.includes(firstWord(name)))) return true;
  if (isShell(program) && shellUse(argv) === "one-shot") return true;
  if (names.includes("busybox")) {
    return isWrapper({ comm: plain(argv[1] ?? ""), argv: argv.slice(1) });
  }
  if (names.includes("bun") && runsScript(argv)) return true;
  const script = scriptOf(program);
  if (script === null) return false;
  const name = plain(script);
  // `node /usr/lib/node_modules/npm/bin/npx-cli.js`, before it sets its title.
  return wrappers.includes(name) || (name.endsWith("js") && wrappers.includes(stem(name)));
}

/** `bun x PACKAGE` and `bun run NAME` start another program; `bun run FILE` is the program. */
const runsScript = ([, verb, name = ""]: readonly string[]): boolean =>
  verb === "x" || (verb === "run" && name !== "" && !name.includes(".") && !name.includes("/"));

const stem = (name: string): string => name.replace(/(-cli)?\.[cm]?js$/, "");

export const isInit = (pid: number, program: Program): boolean =>
  pid === 1 || programNames(program).some((name) => inits.includes(name));
