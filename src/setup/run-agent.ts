/** Running others' programs for a bounded time. */
import { withTimeLimit } from "../bus/time-limit";
import type { Env } from "./vendor";

/** Characters of an answer, far more than any has: whoever says more and more is not answering. */
const maxAnswerBytes = 4 * 1024 * 1024;

export interface Question {
  env: Env;
  cwd: string;
  /** For its stdin, which stays open until it has answered. */
  input?: string;
  /** How long it may take. */
  milliseconds: number;
}

/**
 * Runs another's program until `answer` finds one in its stdout (all of it so far, and whether it has ended), and ends
 * it with all that it started. Null where it gives none in time or cannot be run; never throws.
 */
export async function runAgent<T>(
  command: string[],
  { env, cwd, input, milliseconds }: Question,
  answer: (output: string, ended: boolean) => T | null,
): Promise<T | null> {
  let child: Bun.Subprocess<"pipe", "pipe", "ignore">;
  try {
    // A process group of its own can be ended as a whole.
    child = Bun.spawn(command, {
      env,
      cwd,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
      detached: true,
    });
  } catch {
    return null;
  }
  try {
    return await withTimeLimit(milliseconds, read(child, input, answer));
  } catch {
    return null;
  } finally {
    await end(child);
  }
}

async function read<T>(
  child: Bun.Subprocess<"pipe", "pipe", "ignore">,
  input: string | undefined,
  answer: (output: string, ended: boolean) => T | null,
): Promise<T | null> {
  if (input === undefined) await child.stdin.end();
  else {
    await child.stdin.write(input);
    await child.stdin.flush();
  }
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (output.length > maxAnswerBytes) return null;
    const found = answer(output, false);
    if (found !== null) return found;
  }
  return answer(output, true);
}

/** It may end by itself once nothing more comes; after half a second it has to. */
async function end(child: Bun.Subprocess<"pipe", "pipe", "ignore">): Promise<void> {
  try {
    await child.stdin.end();
  } catch {
    // It has closed its end already.
  }
  await withTimeLimit(500, child.exited);
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody of them is left.
  }
  child.unref();
}
