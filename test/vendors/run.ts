/**
 * `bun run test:vendors [--junit FILE] [FILE…]`: brings the pinned clients and runs the stories about them, away from
 * the network and from other processes where root can have that. Where the clients cannot be brought, the stories are
 * skipped by name.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const minutes = 60_000;
const { values, positionals } = parseArgs({
  options: { junit: { type: "string" } },
  allowPositionals: true,
});
const report = values.junit ? ["--reporter=junit", `--reporter-outfile=${values.junit}`] : [];
const options = { cwd: import.meta.dir, stdio: "inherit", killSignal: "SIGKILL" } as const;

const install = ["install", "--frozen-lockfile", "--ignore-scripts"];
if (spawnSync(process.execPath, install, { ...options, timeout: 5 * minutes }).status !== 0) {
  console.error("The clients cannot be installed here: stories that need them are skipped.");
}

const tests = [process.execPath, "test", "--timeout=240000", ...report, ...positionals];
const [command, ...rest] = [...secluded(), ...tests];
const { status } = spawnSync(command!, rest, { ...options, timeout: 30 * minutes });
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
