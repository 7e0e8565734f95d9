/** What ten `parley watch` cost while nothing happens. */
import { monotonic, percentile, printTable } from "./numbers";
import { makePlace } from "./place";
import { cpuSeconds, residentMebibytes } from "./usage";

const watchers = 10;
const budget = { cpu: 0.5, mebibytes: 40 };

export async function idle(binary: string, seconds: number) {
  using place = makePlace(binary);
  const { env } = place;
  const pid = String(process.pid);
  const registered = Bun.spawnSync([binary, "register", "--llm", "claude", "--pid", pid], { env });
  if (registered.exitCode !== 0) throw new Error(registered.stderr.toString());
  const children = Array.from({ length: watchers }, () =>
    Bun.spawn([binary, "watch", "state", "--json"], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  try {
    await Bun.sleep(1000);
    const pids = children.map((child) => child.pid);
    const [before, began] = [cpuSeconds(pids), monotonic()];
    await Bun.sleep(seconds * 1000);
    const cpu = ((cpuSeconds(pids) - before) / (monotonic() - began)) * 1e5;
    const mebibytes = pids.map(residentMebibytes);
    printTable(`Idle: ${watchers} × parley watch, ${seconds} s`, [
      {
        "CPU % of all": cpu,
        "RSS MiB, median": percentile(mebibytes, 0.5),
        "RSS MiB, most": percentile(mebibytes, 1),
        "our budgets": `CPU ${cpu < budget.cpu ? "reached" : "missed"}, memory ${percentile(mebibytes, 1) <= budget.mebibytes ? "reached" : "missed"}`,
      },
    ]);
    return { seconds, watchers, cpu, mebibytes, budget };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(({ exited }) => exited));
  }
}
