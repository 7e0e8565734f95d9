/** Runs the command behind `lock … --` and `run --`. */
import { closeSync, writeSync } from "node:fs";
import { constants } from "node:os";

import { ParleyError } from "../bus/errors";
import { isTerminal } from "./io";

const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
type Signal = (typeof signals)[number];

/** A terminal sends these to the command too. Passed on they would reach it twice, which many take for "at once". */
const sentByTerminal: readonly Signal[] = ["SIGINT", "SIGQUIT"];

/** Makes a process known before its program begins, and returns the session it is to run as. */
export type Admission = (pid: number) => Promise<string>;

/** Waits on descriptor 3 for the name of its session, and becomes the command: same process, same start time. */
const gate = 'IFS= read -r PARLEY_SESSION <&3 && export PARLEY_SESSION && exec "$@" 3<&-';

/**
 * Runs a command with our stdin and stderr, and our stdout unless that is kept for JSON. Signals that reach us are
 * passed on, and the end of the command decides. Returns its exit code, 128 + n where a signal n ended it. Throws
 * `not_found` where there is no such program, and what the admission throws; then nothing was run.
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
    child = spawn(words, json, admit !== null);
    if (early) child.kill(early);
    if (admit) await open(child, admit);
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
    for (const signal of signals) process.off(signal, passOn);
  }
}

const spawn = (words: string[], json: boolean, gated: boolean): Bun.Subprocess =>
  Bun.spawn(words, {
    stdio: ["inherit", json ? 2 : "inherit", "inherit", ...(gated ? (["pipe"] as const) : [])],
  });

/** Lets a gated command begin once it is admitted; one that is not never begins. */
async function open(child: Bun.Subprocess, admit: Admission): Promise<void> {
  const gateway = Number(child.stdio[3]);
  try {
    writeSync(gateway, `${await admit(child.pid)}\n`);
  } catch (error) {
    // One that a signal ended meanwhile reads nothing any more.
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
