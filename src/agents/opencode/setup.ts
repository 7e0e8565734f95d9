/** Those of OpenCode. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { commandFiles, opencodeCommand } from "../../setup/commands";
import { namesProgram, startAgain } from "../../setup/user-notices";
import { patienceEditor, pluginEditor } from "../../setup/plugin";
import { opencodeServer, serverEditor } from "../../setup/server";
import type { ConfigFile, Place, Vendor } from "../../setup/vendor";

/** It reads both; the one that has our entry, or that is there. */
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

/** Directories that it brings packages into: its own, and one in the home that its installer makes. */
const packaged = ({ scope, home }: Place, directory: string): string[] => {
  const other = join(home, ".opencode");
  return scope === "user" && existsSync(other) ? [directory, other] : [directory];
};

export const opencode: Vendor = {
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
      ...packaged(place, directory).map((each): ConfigFile => {
        return { part: "npm", path: join(each, ".npmrc"), editor: patienceEditor(owner) };
      }),
      { part: "mcp", path: config, editor: serverEditor(config, owner, opencodeServer) },
      ...commandFiles(owner, opencodeCommand, (name) => join(directory, "command", `${name}.md`)),
    ];
  },

  notes: ({ scope }) => [startAgain, ...(scope === "project" ? [namesProgram] : [])],
};
