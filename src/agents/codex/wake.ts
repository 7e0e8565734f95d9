/** Wakes a thread of Codex by `codex queue`. */
import { join } from "node:path";

import type { SessionRecord } from "../../bus/session";
import {
  wakeAccepted,
  type WakeAnswer,
  wakeFailed,
  type WakeEnvironment,
  type VendorWaker,
} from "../../agent-wake/vendor-waker";

/** Longest reason for a failure that is kept, in characters. */
const maxReasonLength = 200;
/** How long the rest of its stderr is waited for, in milliseconds. */
const stderrTimeoutMs = 50;

/** `codex queue` (seen in 0.169.0) takes a prompt for a thread of the same home, and an idle thread begins a turn with it. */
export const codexWaker = (environment: WakeEnvironment): VendorWaker => ({
  methodFor: ({ session_uuid }) =>
    session_uuid !== null && programOf(environment) !== null
      ? { by: "codex queue", held: false }
      : null,
  async wake(record, text, signal) {
    const program = programOf(environment);
    if (program === null || record.session_uuid === null)
      return wakeFailed("codex is not on the PATH");
    return queue(program, record, text, environment, signal);
  },
});

/** Codex's configuration directory; null where there is no home. */
export const codexHome = (env: WakeEnvironment["env"]): string | null =>
  env["CODEX_HOME"] || (env["HOME"] ? join(env["HOME"], ".codex") : null);

const programOf = ({ env }: WakeEnvironment): string | null =>
  Bun.which("codex", { PATH: env["PATH"] ?? "" });

async function queue(
  program: string,
  { session_uuid, agent_home }: SessionRecord,
  text: string,
  { env }: WakeEnvironment,
  signal: AbortSignal,
): Promise<WakeAnswer> {
  // Each option is one word with its value, so that no id can be taken for another option.
  const command = [program, "queue", `--thread=${session_uuid}`, `--message=${text}`];
  const child = Bun.spawn(command, {
    env: { ...env, ...(agent_home === null ? {} : { CODEX_HOME: agent_home }) },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    // A process group of its own can be ended as a whole: the program may be a wrapper around another.
    detached: true,
  });
  const stderr = child.stderr.getReader();
  let output = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await stderr.read();
      if (done) return;
      // The last line says what was wrong.
      output = (output + decoder.decode(value, { stream: true })).slice(-4096);
    }
  })().catch(() => {});
  const stop = (): void => {
    end(child.pid);
    child.unref();
  };
  signal.addEventListener("abort", stop, { once: true });
  const code = await child.exited;
  signal.removeEventListener("abort", stop);
  // A process that it has left running may keep its stderr open.
  await Promise.race([reading, Bun.sleep(code === 0 ? 0 : stderrTimeoutMs)]);
  void stderr.cancel().catch(() => {});
  if (code === 0) return wakeAccepted;
  const reason = output.trim().split("\n").at(-1)?.slice(0, maxReasonLength);
  return wakeFailed(reason || `codex queue ended with ${code}`);
}

function end(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The whole group has ended.
  }
}
