/**
 * Stories as lines of text. A line is an actor and what it runs: `claude message {codex} "hello"`.
 *
 * - `claude* status` runs it twice, the second time with --json.
 * - `claude@60 status` runs it at a terminal of 60 columns.
 * - `claude~ status --watch` stops it half a second after it has first said something.
 * - `claude& inbox --wait 5s` goes on without waiting for it; `= join` waits for all of these.
 * - `claude PARLEY_PROJECT=x register` sets a variable.
 * - `claude $ git status` runs another program than parley.
 * - `claude log - < "some text"` gives it text on stdin, in which `\n` is a new line.
 * - `= sleep 300`, `= kill codex`, `= SIGSTOP codex`, `= start codex2`, `= files`, `= database` do what they say.
 * - `{codex}` is that actor's session, `{codex.pid}` its process, `{id}` the message that was named last.
 * - `#` begins a comment.
 */
import type { Stage } from "./stage";
import { words } from "./text";

export async function play(stage: Stage, script: string): Promise<void> {
  const waiting: Promise<unknown>[] = [];
  for (const line of script.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("= ")) {
      if (line === "= join") await Promise.all(waiting.splice(0));
      else await direct(stage, line.slice(2).split(" "));
    } else {
      const running = command(stage, line);
      if (/^\S*&/.test(line)) waiting.push(running);
      else await running;
    }
  }
  await Promise.all(waiting);
}

async function direct(stage: Stage, [what = "", ...rest]: string[]): Promise<void> {
  const [name = ""] = rest;
  if (what === "sleep") await Bun.sleep(Number(name));
  else if (what === "kill") {
    await stage.actors.get(name)!.signal("SIGKILL");
    // On a server what beats for its session notices, and ends it.
    if (stage.server) await Bun.sleep(2000);
  } else if (what.startsWith("SIG")) await stage.actors.get(name)!.signal(what as NodeJS.Signals);
  else if (what === "start") await stage.start(name, rest[1]);
  else if (what === "files") stage.files(name || undefined);
  else if (what === "database") await stage.database();
  else throw new Error(`a script cannot ${what}`);
}

async function command(stage: Stage, line: string): Promise<void> {
  const [, by = "", twice, columns, endless, rest = ""] =
    /^(\w+)(\*)?(?:@(\d+))?(~)?&?(?: +(.*))?$/.exec(line) ?? [];
  if (by === "") throw new Error(`a script has no line such as ${line}`);
  if (!stage.actors.has(by)) await stage.start(by);
  const [, before = "", given] = /^(.*?)(?: < "(.*)")?$/.exec(rest) ?? [];
  const all = words(before).map((word) => filled(stage, word));
  const env: Record<string, string> = {};
  while (/^[A-Z_]+=/.test(all[0] ?? "")) {
    const [name = "", ...value] = all.shift()!.split("=");
    env[name] = value.join("=");
  }
  const program = all[0] === "$" ? all.slice(1) : ["parley", ...all];
  const input = given === undefined ? null : filled(stage, given).replaceAll("\\n", "\n");
  const options = {
    env,
    input,
    columns: columns ? Number(columns) : null,
    endless: endless !== undefined,
  };
  await stage.run(by, line.replace("*", ""), { ...options, program });
  if (!twice) return;
  // Before `--`, behind which it would be text.
  const end = program.includes("--") ? program.indexOf("--") : program.length;
  await stage.run(by, `${line.replace("*", "")} (--json)`, {
    ...options,
    program: program.toSpliced(end, 0, "--json"),
  });
}

/** A word with what stands in braces in its place. */
export function filled(stage: Stage, word: string): string {
  return word.replace(/\{(\w+)(?:\.(\w+))?\}/g, (all, name: string, part?: string) => {
    const actor = stage.actors.get(name);
    if (actor) return part === "pid" ? String(actor.pid) : `${actor.vendor}-${actor.pid}`;
    if (name === "id") return stage.lastId;
    const known: Record<string, string> = {
      ...{ root: stage.root, home: stage.home, work: stage.work, bin: stage.bin, db: stage.db },
    };
    return known[name] ?? all;
  });
}
