/** Asks Codex whether it trusts parley's hooks. */
import { runAgent } from "../../setup/run-agent";
import { programOfHook } from "../../setup/program";
import type { Trust, TrustRequest } from "../../setup/vendor";

/** The keys of a hook in the answer to `hooks/list` that are read. */
interface ListedHook {
  command?: unknown;
  enabled?: unknown;
  isManaged?: unknown;
  trustStatus?: unknown;
}

const review = 'start codex and trust them where it says "Hooks need review"';

/**
 * Asks Codex's app-server (JSON-RPC, a message a line) which of parley's hooks it would run. That takes 0.2 s, and like every
 * start of Codex it may write to Codex's directory.
 */
export async function codexTrust({ program, place, owner }: TrustRequest): Promise<Trust> {
  const { env, cwd } = place;
  const input = [
    { id: 1, method: "initialize", params: { clientInfo: { name: "parley", version: "1" } } },
    { method: "initialized" },
    { id: 2, method: "hooks/list", params: { cwds: [cwd] } },
  ];
  const listed = await runAgent(
    [program, "app-server"],
    {
      env,
      cwd,
      input: input.map((each) => `${JSON.stringify(each)}\n`).join(""),
      milliseconds: 10_000,
    },
    answerTo2,
  );
  if (listed === null || listed.hooks === null) {
    const message = "Codex did not say which hooks it trusts";
    return {
      status: "warning",
      message,
      remedy: "see in codex with /hooks whether they are trusted",
    };
  }
  const own = listed.hooks.filter(({ command }) => programOfHook(command, "codex", owner) !== null);
  if (own.length === 0) {
    const message = "Codex does not load the hooks";
    return {
      status: "error",
      message,
      remedy: "start codex in this directory and trust the project",
    };
  }
  const untrusted = own.filter(
    ({ trustStatus, isManaged }) => trustStatus !== "trusted" && isManaged !== true,
  );
  if (untrusted.length > 0) {
    const message = `${untrusted.length} of ${own.length} hooks are not trusted, so Codex skips them`;
    return { status: "error", message, remedy: review };
  }
  const disabled = own.filter(({ enabled }) => enabled === false);
  if (disabled.length > 0) {
    const message = `${disabled.length} of ${own.length} hooks are switched off in Codex`;
    return { status: "error", message, remedy: "switch them on in codex with /hooks" };
  }
  return { status: "ok", message: `${own.length} hooks trusted`, remedy: null };
}

function answerTo2(output: string): { hooks: ListedHook[] | null } | null {
  for (const line of output.split("\n").slice(0, -1)) {
    try {
      const { id, result } = JSON.parse(line);
      if (id !== 2) continue;
      const data: { hooks?: unknown }[] | null = Array.isArray(result?.data) ? result.data : null;
      return { hooks: data && data.flatMap((each) => objectsIn(each?.hooks)) };
    } catch {
      // Not a message.
    }
  }
  return null;
}

const objectsIn = (value: unknown): ListedHook[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "object" && each !== null) : [];
