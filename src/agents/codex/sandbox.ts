/** Explains an error that Codex's sandbox has caused. */
import { dirname } from "node:path";

import { ParleyError } from "../../bus/errors";
import type { Environment } from "../../identity/known-agents";

/**
 * Codex runs a session's shell commands in a sandbox that writes nowhere but in its workspace: an error for that says
 * so, and names the ways out. With `writable_roots` our directory may be allowed, so the variables of the sandbox prove
 * nothing without the refusal. Null for any other error.
 */
export async function explainRefusal(
  error: ParleyError,
  env: Environment,
): Promise<ParleyError | null> {
  const { code, details } = error;
  const sandboxed = env["CODEX_SANDBOX"] || env["CODEX_SANDBOX_NETWORK_DISABLED"];
  const directory =
    details?.["directory"] ?? (details?.["database"] && dirname(String(details["database"])));
  if (code !== "not_permitted" || !sandboxed || typeof directory !== "string") return null;
  return new ParleyError(
    code,
    `Codex's sandbox does not let this command write below ${directory}`,
    {
      hint: `use the bus_… tools of parley mcp, or add ${JSON.stringify(directory)} to writable_roots below [sandbox_workspace_write] in Codex's config.toml`,
      details: { ...details, sandbox: "codex" },
      cause: error,
    },
  );
}
