/** View of `run`. */
import type { RunResult } from "../bus/session";

/** `run`: the output is the program's own. */
export const render = (_result: RunResult): string[] => [];
