/** Codex's setup: its files, its events, its skills, and what it will ask its user. */
import { join } from "node:path";

import {
  commandFiles,
  outputAdvice,
  runInstruction,
  type SeedCommand,
  skillHead,
} from "../../setup/commands";
import { hookEvents, hooksEditor } from "../../setup/hooks";
import { configDirectory, type ConfigFile, notices, type VendorSetup } from "../../setup/vendor";
import { codex as codexHooks } from "./hooks";
import { tomlServerEditor } from "./toml-server";
import { codexTrust } from "./trust";

/** `apply_patch` is also called in the shell, which is `Bash`. */
const events = hookEvents(codexHooks.events, "apply_patch|Bash");

export const codex: VendorSetup = {
  name: "codex",
  title: "Codex",
  command: "codex",
  directory: (place) => configDirectory(place, ".codex", "CODEX_HOME"),

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
const codexSkill = (command: SeedCommand, call: string): string => {
  const { name, hint } = command;
  const args = `the arguments that the user wrote behind \`$${name}\` (there may be none; the form is \`${hint}\`)`;
  return `${skillHead(command, "$")}${runInstruction(call, "in the shell", args)}.

${outputAdvice(call)}
If it answers that it may not write the database, the sandbox is in the way: use the tools of the MCP server \`parley\`, or ask the user to let this command run outside the sandbox.
`;
};
