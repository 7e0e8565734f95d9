import { constants } from "node:os";

import { ParleyError } from "../bus/errors";
import { isTerminal } from "./io";

const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
type Signal = (typeof signals)[number];

/** A terminal sends these to the command too. Passed on they would reach it twice, which many take for "at once". */
const sentByTerminal: readonly Signal[] = ["SIGINT", "SIGQUIT"];

/**
 * Runs a command with our stdin and stderr, and our stdout unless that is kept for JSON. Signals that reach us are
 * passed on, and the end of the command decides. Returns its exit code, 128 + n where a signal n ended it. Throws
 * `not_found` where there is no such program.
 */
export async function runCommand(command: readonly string[], json: boolean): Promise<number> {
  let child: Bun.Subprocess | null = null;
  let early: Signal | null = null;
  const atTerminal = isTerminal(0);
  const passOn = (signal: Signal): void => {
    if (atTerminal && sentByTerminal.includes(signal)) return;
    if (child) child.kill(signal);
    else early = signal;
  };
  // Before the command begins: a signal in between must not end us, who have to let go of what is held for it.
  for (const signal of signals) process.on(signal, passOn);
  try {
    child = Bun.spawn([...command], { stdio: ["inherit", json ? 2 : "inherit", "inherit"] });
    if (early) child.kill(early);
    await child.exited;
    const { exitCode, signalCode } = child;
    return (
      exitCode ?? 128 + (signalCode ? (constants.signals[signalCode as NodeJS.Signals] ?? 0) : 0)
    );
  } catch (error) {
    throw new ParleyError(
      "not_found",
      `Cannot run ${JSON.stringify(command[0])}: ${(error as Error).message}`,
      {
        hint: "check its name; what was locked for it is free again",
        cause: error,
      },
    );
  } finally {
    for (const signal of signals) process.off(signal, passOn);
  }
}
