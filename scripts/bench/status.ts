/**
 * `bun scripts/bench/status.ts [--runs 40] [--binary PATH]`: measures `status --json` by the listed session, with 10
 * sessions and no messages, and with 1,000 sessions and 200,000 stored messages. Whole processes, in turns.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { percentile } from "./numbers";
import { populate } from "./populate";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "40" },
    binary: { type: "string", default: join(import.meta.dir, "../../dist/parley") },
  },
});
const directory = mkdtempSync(join(tmpdir(), "parley-bench-"));

/** Runs a command of parley on the bus of that home; returns its milliseconds. */
function timed(home: string, ...args: string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(values.binary, args, {
    env: { HOME: home, PATH: "/usr/bin:/bin" },
    maxBuffer: 64 * 1024 * 1024,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`parley ${args.join(" ")} exited with ${status}: ${stderr}`);
  return performance.now() - started;
}

try {
  const buses = [
    { sessions: 10, messages: 0 },
    { sessions: 1000, messages: 200_000 },
  ].map(({ sessions, messages }) => {
    const home = join(directory, String(sessions));
    mkdirSync(home);
    timed(home, "register", "--llm", "claude", "--pid", String(process.pid), "--json");
    populate(join(home, ".local/share/parley/messaging.db"), sessions - 1, messages);
    return { sessions, messages, home, samples: [] as number[] };
  });
  for (let run = 0; run < Number(values.runs); run++) {
    for (const { home, samples } of buses)
      samples.push(timed(home, "status", "--json", "--no-log"));
  }
  const costs = buses.map(({ sessions, messages, samples }) => {
    const p50 = percentile(samples, 0.5);
    const each = p50 / sessions;
    console.log(
      `${sessions} sessions, ${messages} messages: p50 ${p50.toFixed(2)} ms, ${each.toFixed(3)} ms a session`,
    );
    return each;
  });
  console.log(`ratio a session: ${((costs[1] ?? 0) / (costs[0] ?? 1)).toFixed(3)} (at most 1.5)`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
