/** Finds the program that `env`, `sudo` and the like run in a line of shell. */
import { wrappers, type Wrapper } from "../identity/wrappers";

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
