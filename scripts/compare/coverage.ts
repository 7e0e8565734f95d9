/** Which verbs and options of a binary no command has used. */
import { spawnSync } from "node:child_process";

interface Described {
  verbs?: { verb: string; alias?: string }[];
  arguments?: { flags?: string[]; choices?: string[] }[];
  options?: { flags?: string[] }[];
}

function describe(binary: string, args: string[]): Described {
  const { stdout } = spawnSync(binary, [...args, "--help", "--json"], { encoding: "utf8" });
  return (JSON.parse(stdout) as { data: Described }).data;
}

/** As `verb`, `verb --option` and `--option` of every verb. `commands` are the words behind `parley`. */
export function notCovered(binary: string, commands: readonly string[][]): string[] {
  const missing: string[] = [];
  const { verbs = [], options = [] } = describe(binary, []);
  const uses = (words: readonly string[], flag: string): boolean =>
    words.some((word) => word === flag || word.startsWith(`${flag}=`));
  for (const { flags = [] } of options)
    for (const flag of flags) if (!commands.some((words) => uses(words, flag))) missing.push(flag);
  for (const { verb, alias } of verbs) {
    const own = commands.filter(([first]) => first === verb || first === alias);
    for (const name of [verb, ...(alias ? [alias] : [])])
      if (!own.some(([first, second]) => first === name && second !== "--help")) missing.push(name);
    for (const { flags = [], choices = [] } of describe(binary, [verb]).arguments ?? []) {
      for (const flag of flags)
        if (!own.some((words) => uses(words, flag))) missing.push(`${verb} ${flag}`);
      for (const choice of choices)
        if (
          !own.some((words) => words.some((word) => word === choice || word.endsWith(`=${choice}`)))
        )
          missing.push(`${verb} ${choice}`);
    }
  }
  return missing;
}
