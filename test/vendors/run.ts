/**
 * `bun run test:vendors [--junit FILE] [FILE…]`: brings the pinned clients and runs the stories about them, away from
 * the network and from other processes where root can have that. Where the clients cannot be brought, the stories are
 * skipped by name. With `--pairs COUNT [--seed NUMBER]`, only the story of two sessions, of so many pairs drawn at random;
 * the same seed draws the same.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const minutes = 60_000;
const { values, positionals } = parseArgs({
  options: { junit: { type: "string" }, pairs: { type: "string" }, seed: { type: "string" } },
  allowPositionals: true,
});
const report = values.junit ? ["--reporter=junit", `--reporter-outfile=${values.junit}`] : [];
const pairs = Number(values.pairs ?? 0);
const seed = values.seed ?? String(Math.floor(Math.random() * 1e6));
const drawing = pairs > 0 ? { PARLEY_TEST_PAIRS: String(pairs), PARLEY_TEST_SEED: seed } : {};
const files = pairs > 0 ? ["./pairs.test.ts"] : positionals;
const options = { cwd: import.meta.dir, stdio: "inherit", killSignal: "SIGKILL" } as const;

const install = ["install", "--frozen-lockfile", "--ignore-scripts"];
if (spawnSync(process.execPath, install, { ...options, timeout: 5 * minutes }).status !== 0) {
  console.error("The clients cannot be installed here: stories that need them are skipped.");
}

const tests = [process.execPath, "test", "--timeout=240000", ...report, ...files];
const [command, ...rest] = [...secluded(), ...tests];
if (pairs > 0) console.log(`${pairs} pairs of seed ${seed}`);
const { status } = spawnSync(command!, rest, {
  ...options,
  env: { ...process.env, ...drawing },
  timeout: (30 + 4 * pairs) * minutes,
});
process.exitCode = status ?? 1;

/**
 * What runs a command where there is only loopback, and no process but its own, all of which end with it; nothing where
 * that cannot be made.
 */
function secluded(): string[] {
  const namespaces = ["--net", "--pid", "--mount-proc", "--fork", "--kill-child"];
  // The shell stays: as the first process it collects what clients leave behind.
  const shell = ["sh", "-c", 'ip link set lo up && "$@"; exit $?', "sh"];
  const inside = ["unshare", ...namespaces, ...shell];
  const probe = spawnSync(inside[0]!, [...inside.slice(1), "true"], { stdio: "ignore" });
  return probe.status === 0 ? inside : [];
}
