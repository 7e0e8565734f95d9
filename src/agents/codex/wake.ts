/** `codex queue`. */
import type { SessionRecord } from "../../bus/session";
import {
  wakeAccepted,
  type WakeAnswer,
  wakeFailed,
  type WakeEnvironment,
  type VendorWaker,
} from "../../agent-wake/vendor-waker";

/** Most of what it says about a failure that is kept, in characters. */
const maxReasonLength = 200;
/** How long its last words are waited for, in milliseconds. */
const afterwards = 50;

/**
 * Codex takes a prompt for one of its threads from any process of the same home: `codex queue` (seen in 0.169.0). An idle
 * thread begins a turn with it.
 */
export const codexWaker = (around: WakeEnvironment): VendorWaker => ({
  methodFor: ({ session_uuid }) =>
    session_uuid !== null && programOf(around) !== null ? { by: "codex queue", held: false } : null,
  async wake(record, text, signal) {
    const program = programOf(around);
    if (program === null || record.session_uuid === null)
      return wakeFailed("codex is not on the PATH");
    return queue(program, record, text, around, signal);
  },
});

const programOf = ({ env }: WakeEnvironment): string | null =>
  Bun.which("codex", { PATH: env["PATH"] ?? "" });

async function queue(
  program: string,
  { session_uuid, agent_home }: SessionRecord,
  text: string,
  { env }: WakeEnvironment,
  signal: AbortSignal,
): Promise<WakeAnswer> {
  // Options are written in one word, so that no id can be taken for another option.
  const command = [program, "queue", `--thread=${session_uuid}`, `--message=${text}`];
  const child = Bun.spawn(command, {
    env: { ...env, ...(agent_home === null ? {} : { CODEX_HOME: agent_home }) },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    // A process group of its own can be ended as a whole: the program may be a wrapper around another.
    detached: true,
  });
  const errors = child.stderr.getReader();
  let said = "";
  const listening = (async () => {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await errors.read();
      if (done) return;
      // The last words say what was wrong.
      said = (said + decoder.decode(value, { stream: true })).slice(-4096);
    }
  })().catch(() => {});
  const stop = (): void => {
    end(child.pid);
    child.unref();
  };
  signal.addEventListener("abort", stop, { once: true });
  const code = await child.exited;
  signal.removeEventListener("abort", stop);
  // What it has left running may hold on to its stderr.
  await Promise.race([listening, Bun.sleep(code === 0 ? 0 : afterwards)]);
  void errors.cancel().catch(() => {});
  if (code === 0) return wakeAccepted;
  const reason = said.trim().split("\n").at(-1)?.slice(0, maxReasonLength);
  return wakeFailed(reason || `codex queue ended with ${code}`);
}

function end(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody of them is left.
  }
}
