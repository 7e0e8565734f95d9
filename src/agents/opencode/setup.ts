/** OpenCode's setup: its files, its commands, and its form of an MCP entry. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { commandBody, commandFiles, type SeedCommand } from "../../setup/commands";
import { npmrcEditor, pluginEditor } from "./plugin";
import { serverEditor, type ServerForm } from "../../setup/server";
import { type ConfigFile, type Place, type VendorSetup, notices } from "../../setup/vendor";

/** OpenCode reads both files: the one that has parley's entry, otherwise one that is there. */
function configFile(directory: string): string {
  const [json, jsonc] = ["opencode.json", "opencode.jsonc"].map((name) => join(directory, name));
  const isThere = [jsonc, json].filter((path) => path !== undefined && existsSync(path));
  return isThere.find((path) => mentionsUs(path!)) ?? isThere.at(-1) ?? json!;
}

function mentionsUs(path: string): boolean {
  try {
    return readFileSync(path, "utf8").includes('"parley"');
  } catch {
    return false;
  }
}

/** Directories into which OpenCode installs packages: its own, and one in the home that its installer makes. */
const packageDirectories = ({ scope, home }: Place, directory: string): string[] => {
  const other = join(home, ".opencode");
  return scope === "user" && existsSync(other) ? [directory, other] : [directory];
};

export const opencode: VendorSetup = {
  name: "opencode",
  title: "OpenCode",
  command: "opencode",
  directory({ scope, env, cwd, home, root }: Place): string {
    if (scope === "project") return join(root, ".opencode");
    const config = env["XDG_CONFIG_HOME"];
    return join(config ? resolve(cwd, config) : join(home, ".config"), "opencode");
  },

  files(place, owner): ConfigFile[] {
    const directory = this.directory(place);
    const config = configFile(directory);
    return [
      {
        part: "hooks",
        path: join(directory, "plugin", "parley.js"),
        editor: pluginEditor(owner),
      },
      ...packageDirectories(place, directory).map((each): ConfigFile => {
        return { part: "npm", path: join(each, ".npmrc"), editor: npmrcEditor(owner) };
      }),
      { part: "mcp", path: config, editor: serverEditor(config, owner, serverForm) },
      ...commandFiles(owner, opencodeCommand, (name) => join(directory, "command", `${name}.md`)),
    ];
  },

  notes: ({ scope }) => [
    notices.startAgain,
    ...(scope === "project" ? [notices.namesProgram] : []),
  ],
};

/** A slash command. */
const opencodeCommand = ({ description }: SeedCommand, call: string): string => `---
description: ${JSON.stringify(description)}
---
${commandBody(call, "with the bash tool")}`;

/** OpenCode: `{"mcp": {"parley": {type, command}}}`, program and arguments in one list. */
const serverForm: ServerForm = {
  container: "mcp",
  entry: (program) => ({ type: "local", command: [program, "mcp"], enabled: true }),
  program: ["command", 0],
  call(entry) {
    const list = (entry as { command?: unknown } | null | undefined)?.command;
    return Array.isArray(list) ? { command: list[0], args: list.slice(1) } : null;
  },
};
