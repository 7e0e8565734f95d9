import { constants } from "node:os";

import { ParleyError } from "../bus/errors";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Runs a command with our stdin and stderr, and our stdout unless that is kept for JSON. Signals that reach us are
 * passed on, and the end of the command decides. Returns its exit code, 128 + n where a signal n ended it. Throws
 * `not_found` where there is no such program.
 */
export async function runCommand(command: readonly string[], json: boolean): Promise<number> {
  let child: Bun.Subprocess;
  try {
    child = Bun.spawn([...command], { stdio: ["inherit", json ? 2 : "inherit", "inherit"] });
  } catch (error) {
    throw new ParleyError(
      "not_found",
      `Cannot run ${JSON.stringify(command[0])}: ${(error as Error).message}`,
      {
        hint: "check its name; nothing is held any more",
        cause: error,
      },
    );
  }
  const passOn = forwarded.map((signal) => [signal, () => child.kill(signal)] as const);
  for (const [signal, handler] of passOn) process.on(signal, handler);
  try {
    await child.exited;
  } finally {
    for (const [signal, handler] of passOn) process.off(signal, handler);
  }
  const { exitCode, signalCode } = child;
  return (
    exitCode ?? 128 + (signalCode ? (constants.signals[signalCode as NodeJS.Signals] ?? 0) : 0)
  );
}
