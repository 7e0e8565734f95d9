/** Codex's setup: its files, its events, its skills, and what it will ask its user. */
import { join, resolve } from "node:path";

import { outputAdvice, commandFiles, runInstruction, type SeedCommand } from "../../setup/commands";
import { type HookEvents, hooksEditor } from "../../setup/hooks";
import { tomlServerEditor } from "./toml-server";
import { codexTrust } from "./trust";
import { type ConfigFile, type Place, type VendorSetup, notices } from "../../setup/vendor";

/** Timeouts in seconds. `apply_patch` is also called in the shell, which is `Bash`. */
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

/** A skill, which its user calls as `$NAME`. */
const codexSkill = ({ name, description, hint }: SeedCommand, call: string): string => {
  const args = `the arguments that the user wrote behind \`$${name}\` (there may be none; the form is \`${hint}\`)`;
  return `---
name: ${name}
description: ${JSON.stringify(`${description}. Use it when the user calls $${name} or asks for just that.`)}
---
${runInstruction(call, "in the shell", args)}.

${outputAdvice(call)}
If it answers that it may not write the database, the sandbox is in the way: use the tools of the MCP server \`parley\`, or ask the user to let this command run outside the sandbox.
`;
};
