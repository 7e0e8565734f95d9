/**
 * `bun run demo`: two agents meet on a bus of their own. The bus is temporary, the processes and their answers are real.
 * Exits 1 where a step fails or does not show what it is there to show. With `--db postgres://…` the bus is a schema on
 * that server, which is dropped afterwards.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";

import { SQL } from "bun";

import { locationOf } from "../src/store/postgres/location";
import { hostTarget } from "./targets";

type Vendor = "claude" | "codex";

interface Step {
  by: Vendor;
  /** Said before the command. */
  tells: string;
  /** What stands behind `parley`; `seen` holds what earlier steps have shown. */
  command: (seen: Record<string, string>) => string;
  /** Must be in the answer; its named groups are kept for later steps. */
  shows: RegExp;
  /** The exit code that it ends with; 0 unless given. */
  exits?: number;
  /** It is left running, and its answer is looked at after the next step. */
  waits?: boolean;
}

const steps: Step[] = [
  {
    by: "claude",
    tells: "A session registers. Its process is found by ancestry, its project by git.",
    command: () => "register --task-id H.13.2",
    shows: /^Session registered: (?<claude>claude-\d+)$/m,
  },
  {
    by: "codex",
    tells: "Another one comes to the same repository and is told so at once.",
    command: () => "register --task-id J.15.6",
    shows: /^Session registered: (?<codex>codex-\d+)$[^]*^CONFLICTS DETECTED:$/m,
  },
  {
    by: "claude",
    tells: "Everyone sees who works where, on what.",
    command: () => "status --no-log",
    shows: /\(THIS SESSION\)[^]*project_conflict/,
  },
  {
    by: "claude",
    tells: "They settle it.",
    command: ({ codex }) => `message ${codex} "I am in src/parser. Can you stay in docs?"`,
    shows: /^Status: pending/m,
  },
  {
    by: "codex",
    tells: "Showing a message is what makes it delivered.",
    command: () => "inbox --channel coordination",
    shows: /^#(?<message>\d+) .* from claude-/m,
  },
  {
    by: "codex",
    tells: "A reply is proof that the message was read.",
    command: ({ claude, message }) =>
      `message ${claude} "Yes, docs only." --reply-to ${message} --priority 1`,
    shows: /^Message sent to claude-/m,
  },
  {
    by: "claude",
    tells: "The sender knows.",
    command: () => "message --sent --status",
    shows: /" read \(delivered .*, 1 read\)/s,
  },
  {
    by: "codex",
    tells: "Codex waits for what will be published on a channel.",
    command: ({ message }) => `watch build --once --for 20s --since ${message}`,
    shows: /^#\d+ .*claude-\d+ on build.*\n> the build is green$/m,
    waits: true,
  },
  {
    by: "claude",
    tells: "Claude publishes.",
    command: () => 'publish build "the build is green"',
    shows: /build/,
  },
  {
    by: "codex",
    tells: "A lock holds: everything below the directory is codex's for now.",
    command: () => "lock docs",
    shows: /^Locked: 1 path$/m,
  },
  {
    by: "claude",
    tells: "Another's attempt is refused, and says who holds it.",
    command: () => "lock docs/guide.md",
    shows: /docs is held by codex-\d+/,
    exits: 3,
  },
  {
    by: "codex",
    tells: "The end of a session frees what it held; so would its death.",
    command: () => "unregister",
    shows: /^Released: 1 file lock/m,
  },
  {
    by: "claude",
    tells: "Now it is free.",
    command: () => "lock docs/guide.md",
    shows: /guide\.md \(advisory, until unlocked, fence \d+\)/,
  },
];

/** One command for a stand-in to run, and what came of it. */
interface Order {
  command: string;
  env: Record<string, string>;
}
interface Outcome {
  output: string;
  exitCode: number;
}

/** Has a stand-in run a command as its child. */
type Agent = (order: Order) => Promise<Outcome>;

const root = join(import.meta.dir, "..");
const { db } = parseArgs({
  options: { db: { type: "string" }, "stand-in": { type: "boolean" } },
  strict: false,
}).values as { db?: string };
const schema = `parley_demo_${process.pid}`;
/** Without a schema, which would be one that is in use. */
const server = db === undefined ? null : locationOf(db, schema).url;
const program = join(root, "dist", `parley${hostTarget().suffix}`);

/** Longest that one command may take, in milliseconds. */
const patience = 30_000;

async function demo(): Promise<void> {
  buildIfNeeded();
  const place = realpathSync(mkdtempSync(join(tmpdir(), "parley-demo-")));
  const agents: Bun.Subprocess[] = [];
  const cleanUp = (): void => {
    for (const agent of agents) agent.kill("SIGKILL");
    rmSync(place, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      cleanUp();
      process.exit(1);
    });
  }
  try {
    const cwd = makeRepository(join(place, "orchard"));
    const env = {
      HOME: place,
      ...(server === null
        ? { PARLEY_DB: join(place, "messaging.db") }
        : { PARLEY_DB: server, PARLEY_SCHEMA: schema }),
      PATH: [join(root, "dist"), process.env["PATH"] ?? ""].join(delimiter),
    };
    const start = (vendor: Vendor, model: string): Agent => {
      const [process, run] = standIn(join(place, vendor), cwd, ["--model", model]);
      agents.push(process);
      return run;
    };
    await show({ claude: start("claude", "opus-4.6"), codex: start("codex", "o3") }, env);
  } finally {
    cleanUp();
    await dropSchema();
  }
}

async function dropSchema(): Promise<void> {
  if (server === null) return;
  const sql = new SQL(server, { max: 1 });
  await sql
    .unsafe(`set client_min_messages = error; drop schema if exists ${schema} cascade`)
    .simple();
  await sql.close();
}

async function show(agents: Record<Vendor, Agent>, env: Order["env"]): Promise<void> {
  const seen: Record<string, string> = {};
  const check = ({ shows, exits = 0 }: Step, { output, exitCode }: Outcome): void => {
    console.log(output.trimEnd());
    if (exitCode !== exits) throw new Error(`exit code ${exitCode}`);
    const found = shows.exec(output);
    if (!found) throw new Error(`the answer does not show ${shows}`);
    Object.assign(seen, found.groups);
  };
  let waiting: { step: Step; answer: Promise<Outcome> } | null = null;
  for (const step of steps) {
    const line = `parley ${step.command(seen)}`;
    console.log(`\n# ${step.tells}\n${step.by} $ ${line}`);
    const answer = agents[step.by]({ command: line, env });
    if (step.waits) {
      waiting = { step, answer };
      continue;
    }
    check(step, await answer);
    if (!waiting) continue;
    console.log(`\n# It arrives where it was waited for.\n${waiting.step.by} $`);
    check(waiting.step, await waiting.answer);
    waiting = null;
  }
}

/** The same script that a developer calls; it also installs what is missing. */
function buildIfNeeded(): void {
  const sources = ["src/**/*", "package.json", "scripts/{build,targets}.ts"].flatMap((pattern) => [
    ...new Bun.Glob(pattern).scanSync(root),
  ]);
  const built = existsSync(program) ? statSync(program).mtimeMs : 0;
  const newest = Math.max(...sources.map((path) => statSync(join(root, path)).mtimeMs));
  if (newest <= built) return;
  const { status } = spawnSync(process.execPath, ["scripts/build.ts"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("the build failed");
}

/** What makes a directory a repository, also where git is not installed. */
function makeRepository(directory: string): string {
  for (const part of ["objects", "refs"]) {
    mkdirSync(join(directory, ".git", part), { recursive: true });
  }
  writeFileSync(join(directory, ".git", "HEAD"), "ref: refs/heads/main\n");
  return directory;
}

/** Starts a process that is called like the vendor's agent, at work in a directory. */
function standIn(executable: string, cwd: string, options: string[]): [Bun.Subprocess, Agent] {
  symlinkSync(process.execPath, executable);
  let outcome = Promise.withResolvers<Outcome>();
  const agent = Bun.spawn([executable, import.meta.path, "--stand-in", ...options], {
    cwd,
    // Nothing of what the surroundings of this demo tell about another agent.
    env: {},
    ipc: (message) => outcome.resolve(message as Outcome),
    onExit: () => outcome.reject(new Error(`${executable} ended`)),
    stdio: ["ignore", "inherit", "inherit"],
  });
  // It also ends when nobody waits for an answer.
  outcome.promise.catch(() => {});
  return [
    agent,
    (order) => {
      outcome = Promise.withResolvers<Outcome>();
      const late = setTimeout(() => outcome.reject(new Error("no answer")), patience);
      agent.send(order);
      return outcome.promise.finally(() => clearTimeout(late));
    },
  ];
}

/** The other side: runs what it is told to and ends with the demo, however that ends. */
function beStandIn(): void {
  process.on("disconnect", () => process.exit());
  process.on("message", async ({ command, env }: Order) => {
    const { stdout, stderr, exitCode } = await Bun.$`${{ raw: command }}`
      .env(env)
      .nothrow()
      .quiet();
    process.send!({ output: `${stdout}${stderr}`, exitCode } satisfies Outcome);
  });
}

if (process.argv.includes("--stand-in")) {
  beStandIn();
} else {
  await demo().catch((error: Error) => {
    console.error(`\nthe demo failed: ${error.message}`);
    process.exitCode = 1;
  });
}
