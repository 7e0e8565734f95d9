/** Starting a fake agent, having it run commands, and ending it. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import type { Order, Outcome } from "./agent";

/** A process that poses as an agent, and how a script names it. */
export interface Actor {
  name: string;
  vendor: string;
  pid: number;
  /** Where its commands run. */
  cwd: string;
  /** Of the agent; its commands inherit it. */
  env: Record<string, string>;
  run(order: Order): Promise<Outcome>;
  /** Sends a signal; for one that ends or stops the process, waits for that. */
  signal(name: NodeJS.Signals): Promise<void>;
}

export interface ActorOptions {
  cwd: string;
  env: Record<string, string>;
  /** Arguments of the agent, such as `app-server`. */
  args?: readonly string[];
}

/** Starts one below a directory of its own. */
export async function startActor(
  place: string,
  name: string,
  vendor: string,
  { cwd, env, args = [] }: ActorOptions,
): Promise<Actor> {
  mkdirSync(place, { recursive: true });
  const program = join(place, vendor);
  symlinkSync(process.execPath, program);
  // Numbers that may be a constant somewhere cannot be told from it.
  for (let attempt = 0; ; attempt++) {
    const pid = await launch(place, `socket-${attempt}`, program, { cwd, env, args });
    const actor = control(join(place, `socket-${attempt}`), { name, vendor, pid, cwd, env });
    if (pid >= 2000 && pid % 100 !== 0) return actor;
    await actor.signal("SIGKILL");
    if (attempt > 2000) throw new Error("no process ids that can be told from other numbers");
  }
}

/** A shell that ends at once leaves it to init: nothing else is above its commands. Returns its pid. */
async function launch(
  place: string,
  name: string,
  program: string,
  { cwd, env, args = [] }: ActorOptions,
): Promise<number> {
  const socket = join(place, name);
  const log = join(place, "log");
  // The background shell becomes the agent, so `$!` is its pid.
  const line = 'log=$1; shift; exec "$@" </dev/null >"$log" 2>&1 & echo $!';
  const shell = Bun.spawn(
    ["/bin/sh", "-c", line, "sh", log, program, join(import.meta.dir, "agent.ts"), ...args],
    {
      cwd: place,
      env: { ...env, AGENT_SOCKET: socket, AGENT_OWNER: String(process.pid), AGENT_CWD: cwd },
      stdin: "ignore",
      stdout: "pipe",
      // A session of its own: the terminal of the comparison is not the agent's.
      detached: true,
    },
  );
  const pid = Number(await shell.stdout.text());
  await until(
    () => existsSync(`${socket}.ready`),
    () => `the fake agent ${program} does not listen: ${readFileSync(log, "utf8")}`,
  );
  return pid;
}

function control(unix: string, actor: Omit<Actor, "run" | "signal">): Actor {
  const { pid } = actor;
  return {
    ...actor,
    run: async (order) => {
      const response = await fetch("http://agent", {
        unix,
        method: "POST",
        body: JSON.stringify(order),
        keepalive: false,
      });
      return (await response.json()) as Outcome;
    },
    signal: async (name) => {
      if (!isRunning(pid)) return;
      process.kill(pid, name);
      if (name === "SIGCONT") return;
      await until(
        () => (name === "SIGSTOP" ? stateOf(pid) === "T" : !isRunning(pid)),
        () => `${actor.name} (${pid}) does not heed ${name}`,
      );
    },
  };
}

/** The letter of Linux; null for a process that is gone. */
function stateOf(pid: number): string | null {
  try {
    return /\) (\S) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? null;
  } catch {
    return null;
  }
}

const isRunning = (pid: number): boolean => !["Z", "X", null].includes(stateOf(pid));

async function until(condition: () => boolean, failure: () => string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(failure());
    await Bun.sleep(2);
  }
}
