/** Programs that run another, such as `env` and `sudo`. */

/** A program that runs another, whose words follow its own. */
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

const wrappers: Readonly<Record<string, Wrapper>> = {
  command: { not: ["-v", "-V"] },
  builtin: {},
  exec: { values: ["-a"] },
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

/** The words of the program that this one runs; null where it runs none that is written there. */
export function unwrapped(
  name: string,
  args: readonly (string | null)[],
): (string | null)[] | null {
  const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
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
