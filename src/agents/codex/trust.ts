/** Asks Codex whether it trusts parley's hooks. */
import { runAgent } from "../../setup/run-agent";
import { programOfHook } from "../../setup/program";
import { trust, type TrustRequest } from "../../setup/vendor";

/** The keys of a hook in the answer to `hooks/list` that are read. */
interface ListedHook {
  command?: unknown;
  enabled?: unknown;
  isManaged?: unknown;
  trustStatus?: unknown;
}

/** Asks Codex's app-server (JSON-RPC, a message a line) which hooks it would run. That takes 0.2 s, and may write to its directory. */
export async function codexTrust({ program, place, owner }: TrustRequest) {
  const { env, cwd } = place;
  const input = [
    { id: 1, method: "initialize", params: { clientInfo: { name: "parley", version: "1" } } },
    { method: "initialized" },
    { id: 2, method: "hooks/list", params: { cwds: [cwd] } },
  ];
  const milliseconds = 10_000;
  const listed = await runAgent(
    [program, "app-server"],
    { env, cwd, input: input.map((each) => `${JSON.stringify(each)}\n`).join(""), milliseconds },
    answerTo2,
  );
  if (listed === null || listed.hooks === null) {
    const remedy = "see in codex with /hooks whether they are trusted";
    return trust("warning", "Codex did not say which hooks it trusts", remedy);
  }
  const own = listed.hooks.filter(({ command }) => programOfHook(command, "codex", owner) !== null);
  if (own.length === 0) {
    const remedy = "start codex in this directory and trust the project";
    return trust("error", "Codex does not load the hooks", remedy);
  }
  const untrusted = own.filter(
    ({ trustStatus, isManaged }) => trustStatus !== "trusted" && isManaged !== true,
  );
  if (untrusted.length > 0) {
    const message = `${untrusted.length} of ${own.length} hooks are not trusted, so Codex skips them`;
    const remedy = 'start codex and trust them where it says "Hooks need review"';
    return trust("error", message, remedy);
  }
  const disabled = own.filter(({ enabled }) => enabled === false);
  if (disabled.length > 0) {
    const message = `${disabled.length} of ${own.length} hooks are switched off in Codex`;
    return trust("error", message, "switch them on in codex with /hooks");
  }
  return trust("ok", `${own.length} hooks trusted`);
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
