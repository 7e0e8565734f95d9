/** Those of Codex. */
import { join, resolve } from "node:path";

import { codexSkill, commandFiles } from "../../setup/commands";
import { type HookEvents, hooksEditor } from "../../setup/hooks";
import { namesProgram } from "../../setup/user-notices";
import { tomlServerEditor } from "../../setup/toml";
import { codexTrust } from "./trust";
import type { ConfigFile, Place, Vendor } from "../../setup/vendor";

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

export const codex: Vendor = {
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
          namesProgram,
        ]
      : []),
    "it asks again whenever the hooks change, as when parley has moved",
  ],

  trust: codexTrust,
};
