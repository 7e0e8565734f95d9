/** Says where Codex's sandbox has refused to write. */
import { dirname } from "node:path";

import { ParleyError } from "../bus/errors";
import type { Io } from "./io";

/**
 * Codex runs a session's shell commands in a sandbox that writes nowhere but in its workspace: an error for that says
 * so, and names the ways out. With `writable_roots` our directory may be allowed, so that the sandbox alone proves
 * nothing: only the refusal does.
 */
export function namingSandbox(error: ParleyError, env: Io["env"]): ParleyError {
  const { code, details } = error;
  const sandboxed = env.CODEX_SANDBOX || env.CODEX_SANDBOX_NETWORK_DISABLED;
  const directory =
    details?.["directory"] ?? (details?.["database"] && dirname(String(details["database"])));
  if (code !== "not_permitted" || !sandboxed || typeof directory !== "string") return error;
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
