/** Measures CPU and memory of ten `parley watch` while nothing happens. */
import { monotonic, percentile, printTable } from "./numbers";
import { createSandbox } from "./sandbox";
import { cpuSeconds, residentMebibytes } from "./usage";

const watchers = 10;
const budget = { cpu: 0.5, mebibytes: 40 };

export async function idle(binary: string, seconds: number) {
  using sandbox = createSandbox(binary);
  const { env } = sandbox;
  const pid = String(process.pid);
  const registered = Bun.spawnSync([binary, "register", "--llm", "claude", "--pid", pid], { env });
  if (registered.exitCode !== 0) throw new Error(registered.stderr.toString());
  const watching = await measure([binary, "watch", "state", "--json"], env, seconds);
  // The floor for any program of this runtime that checks something four times a second.
  const timer = [process.execPath, "-e", "setInterval(() => {}, 250)"];
  const baseline = await measure(timer, env, seconds);
  const { cpu, mebibytes } = watching;
  const memory = percentile(mebibytes, 1) <= budget.mebibytes;
  printTable(`Idle: ten of each, ${seconds} s`, [
    {
      program: "parley watch",
      ...figures(watching),
      "our budgets": `CPU ${cpu < budget.cpu ? "reached" : "missed"}, memory ${memory ? "reached" : "missed"}`,
    },
    { program: "Bun with an empty 250 ms timer", ...figures(baseline), "our budgets": "" },
  ]);
  return { seconds, watchers, watching, nothing: baseline, budget };
}

interface Cost {
  /** CPU of all processes together, in percent of one core. */
  cpu: number;
  /** Resident memory of each process. */
  mebibytes: number[];
}

const figures = ({ cpu, mebibytes }: Cost) => ({
  "CPU % of all": cpu,
  "RSS MiB, median": percentile(mebibytes, 0.5),
  "RSS MiB, most": percentile(mebibytes, 1),
});

async function measure(
  command: string[],
  env: Record<string, string>,
  seconds: number,
): Promise<Cost> {
  const children = Array.from({ length: watchers }, () =>
    Bun.spawn(command, { env, stdio: ["ignore", "ignore", "inherit"] }),
  );
  try {
    await Bun.sleep(1000);
    const pids = children.map((child) => child.pid);
    const [before, began] = [cpuSeconds(pids), monotonic()];
    await Bun.sleep(seconds * 1000);
    const cpu = ((cpuSeconds(pids) - before) / (monotonic() - began)) * 1e5;
    return { cpu, mebibytes: pids.map(residentMebibytes) };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(({ exited }) => exited));
  }
}
