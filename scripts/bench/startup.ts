/**
 * `bun scripts/bench/startup.ts [--runs 200] [--binary PATH] [--out FILE] [--sessions N] [--messages N] [--db URL]`: wall
 * time of one command as a whole process, on an empty bus or on one with so many sessions and stored messages, beside a
 * `sqlite3` shell that inserts a row into a WAL database; with --db on a PostgreSQL server, beside a `psql` that inserts
 * one there. The subjects take turns, so that a busy moment of the machine meets them all; what counts is the ratio, not
 * the milliseconds. With `--vs BINARY [--pairs 200]` each verb of the two binaries in turns instead.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { comparePairs, type Side } from "./pairs";
import { populate } from "./populate";
import { makeSchema } from "./sandbox";
import {
  empty,
  homeIn,
  installed,
  once,
  print,
  psql,
  reference,
  save,
  subject,
  type Subject,
} from "./process-time";

const root = join(import.meta.dir, "../..");
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    binary: { type: "string", default: join(root, "dist/parley") },
    out: { type: "string" },
    sessions: { type: "string", default: "0" },
    messages: { type: "string", default: "0" },
    db: { type: "string" },
    vs: { type: "string" },
    pairs: { type: "string", default: "200" },
  },
});
const runs = Number(values.runs);
const warmUp = 10;
const place = mkdtempSync(join(tmpdir(), "parley-bench-"));
const home = homeIn(place);
const binary = installed(place, values.binary);
const server = values.db === undefined ? null : await makeSchema(values.db);

/** Two long-lived processes that sessions can belong to. */
const agents = [1, 2].map(() =>
  Bun.spawn(["sleep", "3600"], { stdio: ["ignore", "ignore", "ignore"] }),
);
const [claude, codex] = agents.map(({ pid }) => pid) as [number, number];

/** One line a verb. */
const verbs: Record<string, string[]> = {
  register: ["register", "--llm", "claude", "--pid", String(claude)],
  message: ["message", `codex-${codex}`, "hello", "--session", `claude-${claude}`],
  inbox: ["inbox", "--session", `claude-${claude}`],
  lock: ["lock", "src/a.ts", "--session", `claude-${claude}`],
  unlock: ["unlock", "--all", "--session", `claude-${claude}`],
  claim: ["claim", "H.13.7", "--session", `claude-${claude}`],
  release: ["release", "--all", "--session", `claude-${claude}`],
};

async function measure(): Promise<Subject[]> {
  const yardstick = server ? psql(server) : reference(place);
  const db = server ? ["--db", server.url] : [];
  const parley = (args: string[]): string[] => [binary, ...args, "--json", ...db];
  once(place, parley(["register", "--llm", "codex", "--pid", String(codex)]));
  const bus = join(home, ".local/share/parley/messaging.db");
  if (!server) populate(bus, Number(values.sessions), Number(values.messages));
  const subjects = [
    ...(yardstick ? [yardstick] : []),
    await empty(place),
    ...Object.entries(verbs).map(([name, args]) => subject(name, parley(args))),
  ];
  for (let run = -warmUp; run < runs; run++) {
    for (const { command, samples } of subjects) {
      const started = performance.now();
      once(place, command);
      if (run >= 0) samples.push(performance.now() - started);
    }
  }
  return subjects;
}

/** Both in a bus of their own, on this machine. */
async function compare(other: string): Promise<void> {
  const rows = Object.entries(verbs).map(([name, args]) => ({
    name,
    command: (side: Side) => [side.binary, ...args, "--json"],
  }));
  await comparePairs([other, values.binary], Number(values.pairs), rows, (side) => {
    once(side.place, [side.binary, "register", "--llm", "codex", "--pid", String(codex)]);
    const bus = join(side.home, ".local/share/parley/messaging.db");
    populate(bus, Number(values.sessions), Number(values.messages));
  });
}

try {
  if (values.vs === undefined) {
    const subjects = await measure();
    print(subjects);
    if (values.out) save(values.out, runs, subjects);
  } else await compare(values.vs);
  console.log(`load ${loadavg()[0]?.toFixed(1)}`);
} finally {
  for (const agent of agents) agent.kill("SIGKILL");
  await server?.drop();
  rmSync(place, { recursive: true, force: true });
}
