/**
 * `bun run demo`: lets two agents meet on a bus of their own. The bus is temporary, the processes and their answers are
 * real. Exits 1 where a step fails or its answer does not show what it should. With `--db postgres://…` the bus is a schema on
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
  /** Printed before the command. */
  explanation: string;
  /** The words after `parley`; `captured` holds the named groups of earlier answers. */
  command: (captured: Record<string, string>) => string;
  /** Must match the answer; its named groups are kept for later steps. */
  shows: RegExp;
  /** The expected exit code; 0 unless given. */
  exits?: number;
  /** The command is left running, and its answer is checked after the next step. */
  waits?: boolean;
}

const steps: Step[] = [
  {
    by: "claude",
    explanation: "A session registers. Its process is found by ancestry, its project by git.",
    command: () => "register --task-id H.13.2",
    shows: /^Session registered: (?<claude>claude-\d+)$/m,
  },
  {
    by: "codex",
    explanation: "Another one comes to the same repository and is told so at once.",
    command: () => "register --task-id J.15.6",
    shows: /^Session registered: (?<codex>codex-\d+)$[^]*^CONFLICTS DETECTED:$/m,
  },
  {
    by: "claude",
    explanation: "Everyone sees who works where, on what.",
    command: () => "status --no-log",
    shows: /\(THIS SESSION\)[^]*project_conflict/,
  },
  {
    by: "claude",
    explanation: "They settle it.",
    command: ({ codex }) => `message ${codex} "I am in src/parser. Can you stay in docs?"`,
    shows: /^Status: pending/m,
  },
  {
    by: "codex",
    explanation: "Showing a message is what makes it delivered.",
    command: () => "inbox --channel coordination",
    shows: /^#(?<message>\d+) .* from claude-/m,
  },
  {
    by: "codex",
    explanation: "A reply is proof that the message was read.",
    command: ({ claude, message }) =>
      `message ${claude} "Yes, docs only." --reply-to ${message} --priority 1`,
    shows: /^Message sent to claude-/m,
  },
  {
    by: "claude",
    explanation: "The sender knows.",
    command: () => "message --sent --status",
    shows: /" read \(delivered .*, 1 read\)/s,
  },
  {
    by: "codex",
    explanation: "Codex waits for what will be published on a channel.",
    command: ({ message }) => `watch build --once --for 20s --since ${message}`,
    shows: /^#\d+ .*claude-\d+ on build.*\n> the build is green$/m,
    waits: true,
  },
  {
    by: "claude",
    explanation: "Claude publishes.",
    command: () => 'publish build "the build is green"',
    shows: /build/,
  },
  {
    by: "codex",
    explanation: "A lock holds: everything below the directory is codex's for now.",
    command: () => "lock docs",
    shows: /^Locked: 1 path$/m,
  },
  {
    by: "claude",
    explanation: "Another's attempt is refused, and says who holds it.",
    command: () => "lock docs/guide.md",
    shows: /docs is held by codex-\d+/,
    exits: 3,
  },
  {
    by: "codex",
    explanation: "The end of a session frees what it held; so would its death.",
    command: () => "unregister",
    shows: /^Released: 1 file lock/m,
  },
  {
    by: "claude",
    explanation: "Now it is free.",
    command: () => "lock docs/guide.md",
    shows: /guide\.md \(advisory, until unlocked, fence \d+\)/,
  },
];

/** One command for a stand-in to run, and its outcome. */
interface Request {
  command: string;
  env: Record<string, string>;
}
interface Outcome {
  output: string;
  exitCode: number;
}

/** Has a stand-in run a command as its child. */
type Agent = (request: Request) => Promise<Outcome>;

const root = join(import.meta.dir, "..");
const { db } = parseArgs({
  options: { db: { type: "string" }, "stand-in": { type: "boolean" } },
  strict: false,
}).values as { db?: string };
const schema = `parley_demo_${process.pid}`;
/** Without the schema that the URL may name, since that one may be in use. */
const server = db === undefined ? null : locationOf(db, schema).url;
const program = join(root, "dist", `parley${hostTarget().suffix}`);

/** Milliseconds that one command may take. */
const timeoutMs = 30_000;

async function demo(): Promise<void> {
  buildIfNeeded();
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "parley-demo-")));
  const agents: Bun.Subprocess[] = [];
  const cleanUp = (): void => {
    for (const agent of agents) agent.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      cleanUp();
      process.exit(1);
    });
  }
  try {
    const cwd = makeRepository(join(directory, "orchard"));
    const env = {
      HOME: directory,
      ...(server === null
        ? { PARLEY_DB: join(directory, "messaging.db") }
        : { PARLEY_DB: server, PARLEY_SCHEMA: schema }),
      PATH: [join(root, "dist"), process.env["PATH"] ?? ""].join(delimiter),
    };
    const start = (vendor: Vendor, model: string): Agent => {
      const [process, run] = startStandIn(join(directory, vendor), cwd, ["--model", model]);
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

async function show(agents: Record<Vendor, Agent>, env: Request["env"]): Promise<void> {
  const captured: Record<string, string> = {};
  const check = ({ shows, exits = 0 }: Step, { output, exitCode }: Outcome): void => {
    console.log(output.trimEnd());
    if (exitCode !== exits) throw new Error(`exit code ${exitCode}`);
    const found = shows.exec(output);
    if (!found) throw new Error(`the answer does not show ${shows}`);
    Object.assign(captured, found.groups);
  };
  let waiting: { step: Step; answer: Promise<Outcome> } | null = null;
  for (const step of steps) {
    const line = `parley ${step.command(captured)}`;
    console.log(`\n# ${step.explanation}\n${step.by} $ ${line}`);
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

/** Runs the build script where a source is newer than the binary; it also installs missing packages. */
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

/** Makes a directory a git repository, also where git is not installed. */
function makeRepository(directory: string): string {
  for (const part of ["objects", "refs"]) {
    mkdirSync(join(directory, ".git", part), { recursive: true });
  }
  writeFileSync(join(directory, ".git", "HEAD"), "ref: refs/heads/main\n");
  return directory;
}

/** Starts a process with the name of the vendor's agent in a directory. */
function startStandIn(executable: string, cwd: string, options: string[]): [Bun.Subprocess, Agent] {
  symlinkSync(process.execPath, executable);
  let outcome = Promise.withResolvers<Outcome>();
  const agent = Bun.spawn([executable, import.meta.path, "--stand-in", ...options], {
    cwd,
    // Without the variables of an agent that may be running this demo.
    env: {},
    ipc: (message) => outcome.resolve(message as Outcome),
    onExit: () => outcome.reject(new Error(`${executable} ended`)),
    stdio: ["ignore", "inherit", "inherit"],
  });
  // The process may also end while no answer is awaited.
  outcome.promise.catch(() => {});
  return [
    agent,
    (request) => {
      outcome = Promise.withResolvers<Outcome>();
      const timer = setTimeout(() => outcome.reject(new Error("no answer")), timeoutMs);
      agent.send(request);
      return outcome.promise.finally(() => clearTimeout(timer));
    },
  ];
}

/** Runs as the stand-in: executes the commands that the demo sends, and ends with the demo, however that ends. */
function runStandIn(): void {
  process.on("disconnect", () => process.exit());
  process.on("message", async ({ command, env }: Request) => {
    const { stdout, stderr, exitCode } = await Bun.$`${{ raw: command }}`
      .env(env)
      .nothrow()
      .quiet();
    process.send!({ output: `${stdout}${stderr}`, exitCode } satisfies Outcome);
  });
}

if (process.argv.includes("--stand-in")) {
  runStandIn();
} else {
  await demo().catch((error: Error) => {
    console.error(`\nthe demo failed: ${error.message}`);
    process.exitCode = 1;
  });
}
