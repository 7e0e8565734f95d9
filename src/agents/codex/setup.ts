/** Those of Codex. */
import { join, resolve } from "node:path";

import { shellQuote } from "../../bus/shell";
import { advice, commandFiles, type SeedCommand } from "../../setup/commands";
import { type HookEvents, hooksEditor } from "../../setup/hooks";
import { tomlServerEditor } from "./toml-server";
import { codexTrust } from "./trust";
import { type ConfigFile, type Place, type VendorSetup, notices } from "../../setup/vendor";

/** Timeouts in seconds. `apply_patch` also comes through the shell, which is `Bash`. */
const events: HookEvents = {
  SessionStart: { timeout: 5 },
  UserPromptSubmit: { timeout: 5 },
  PreToolUse: { matcher: "apply_patch|Bash", timeout: 5 },
  PermissionRequest: { timeout: 5 },
  PostToolUse: { timeout: 5 },
  Stop: { timeout: 5 },
  SessionEnd: { timeout: 2 },
};

export const codex: VendorSetup = {
  name: "codex",
  title: "Codex",
  command: "codex",
  directory({ scope, env, cwd, home, root }: Place): string {
    if (scope === "project") return join(root, ".codex");
    return env["CODEX_HOME"] ? resolve(cwd, env["CODEX_HOME"]) : join(home, ".codex");
  },

  files(place, owner): ConfigFile[] {
    const directory = this.directory(place);
    const hooks = join(directory, "hooks.json");
    const config = join(directory, "config.toml");
    return [
      { part: "hooks", path: hooks, editor: hooksEditor(hooks, this.name, events, owner) },
      { part: "mcp", path: config, editor: tomlServerEditor(config, owner) },
      ...commandFiles(owner, codexSkill, (name) => join(directory, "skills", name, "SKILL.md")),
    ];
  },

  notes: ({ scope }) => [
    'when it starts next it says "Hooks need review": trust them there, for until then it skips them without a word',
    ...(scope === "project"
      ? [
          "it reads this repository's hooks and server only once you have trusted the project",
          notices.namesProgram,
        ]
      : []),
    "it asks again whenever the hooks change, as when parley has moved",
  ],

  trust: codexTrust,
};

/** A skill of Codex, which its user calls as \`$NAME\`. */
const codexSkill =
  ({ name, verb, description, hint }: SeedCommand) =>
  (program: string): string => {
    const call = `${shellQuote(program)} ${verb}`;
    return `---
name: ${name}
description: ${JSON.stringify(`${description}. Use it when the user calls $${name} or asks for just that.`)}
---
Run \`${call}\` in the shell, exactly so quoted, followed by the arguments that the user wrote behind \`$${name}\` (there may be none; the form is \`${hint}\`), each quoted for the shell where it needs to be.

${advice(call)}
If it answers that it may not write the database, the sandbox is in the way: use the tools of the MCP server \`parley\`, or ask the user to let this command run outside the sandbox.
`;
  };
