/** Runs the command behind `lock … --` and `run --`. */
import { closeSync, writeSync } from "node:fs";
import { constants } from "node:os";

import { ParleyError } from "../bus/errors";
import { isTerminal } from "./io";

const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
type Signal = (typeof signals)[number];

/** A terminal sends these to the command as well. Forwarded, they would reach it twice, which many programs take for "exit at once". */
const sentByTerminal: readonly Signal[] = ["SIGINT", "SIGQUIT"];

/** Makes a process known before its program begins, and returns the session it is to run as. */
export type Admission = (pid: number) => Promise<string>;

/** Waits on descriptor 3 for the id of its session, then becomes the command: same process, same start time. */
const gate = 'IFS= read -r PARLEY_SESSION <&3 && export PARLEY_SESSION && exec "$@" 3<&-';

/**
 * Runs a command with our stdin and stderr, and our stdout unless that is kept for JSON. Signals are forwarded, and the
 * process waits for the end of the command. Returns its exit code, 128 + n where signal n ended it. Throws `not_found`
 * where there is no such program, and whatever `admit` throws; then nothing was run.
 */
export async function runCommand(
  command: readonly string[],
  json: boolean,
  admit: Admission | null = null,
): Promise<number> {
  const [program = ""] = command;
  if (admit && Bun.which(program, { PATH: process.env["PATH"] ?? "" }) === null) {
    throw notRun(program, "no such program", "check its name and the PATH; nothing was registered");
  }
  const words = admit ? ["/bin/sh", "-c", gate, "sh", ...command] : [...command];
  let child: Bun.Subprocess | null = null;
  let pending: Signal | null = null;
  const atTerminal = isTerminal(0);
  const forward = (signal: Signal): void => {
    if (atTerminal && sentByTerminal.includes(signal)) return;
    if (child) child.kill(signal);
    else pending = signal;
  };
  // Before the command starts: a signal in between must not end this process, which has to release the command's locks.
  for (const signal of signals) process.on(signal, forward);
  try {
    child = spawn(words, json, admit !== null);
    if (pending) child.kill(pending);
    if (admit) await openGate(child, admit);
    await child.exited;
    const { exitCode, signalCode } = child;
    return (
      exitCode ?? 128 + (signalCode ? (constants.signals[signalCode as NodeJS.Signals] ?? 0) : 0)
    );
  } catch (error) {
    if (child) throw error;
    const hint = "check its name; what was locked for it is free again";
    throw notRun(program, (error as Error).message, hint);
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}

const spawn = (words: string[], json: boolean, gated: boolean): Bun.Subprocess =>
  Bun.spawn(words, {
    stdio: ["inherit", json ? 2 : "inherit", "inherit", ...(gated ? (["pipe"] as const) : [])],
  });

/** Starts the gated command once it is admitted; otherwise it is killed before it starts. */
async function openGate(child: Bun.Subprocess, admit: Admission): Promise<void> {
  const gateway = Number(child.stdio[3]);
  try {
    writeSync(gateway, `${await admit(child.pid)}\n`);
  } catch (error) {
    // A signal has ended the command meanwhile.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return;
    child.kill("SIGKILL");
    await child.exited;
    throw error;
  } finally {
    closeSync(gateway);
  }
}

const notRun = (program: string, why: string, hint: string): ParleyError =>
  new ParleyError("not_found", `Cannot run ${JSON.stringify(program)}: ${why}`, { hint });
