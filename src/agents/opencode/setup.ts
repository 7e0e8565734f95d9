/** OpenCode's setup: its files, parley's plugin, its commands, and its form of an MCP entry. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { commandBody, commandFiles, type SeedCommand, wholeFile } from "../../setup/commands";
import type { Owner } from "../../setup/program";
import { serverEditor, type ServerForm } from "../../setup/server";
import {
  type ConfigFile,
  type Editor,
  notices,
  type Place,
  type VendorSetup,
} from "../../setup/vendor";
// oxlint-disable-next-line import/default -- its text is imported, not the module
import text from "./opencode-plugin.js" with { type: "text" };

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
  directory({ scope, env, cwd, home, root }) {
    if (scope === "project") return join(root, ".opencode");
    const config = env["XDG_CONFIG_HOME"];
    return join(config ? resolve(cwd, config) : join(home, ".config"), "opencode");
  },

  files(place, owner): ConfigFile[] {
    const directory = this.directory(place);
    const config = configFile(directory);
    return [
      { part: "hooks", path: join(directory, "plugin/parley.js"), editor: pluginEditor(owner) },
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

const mark = "// Written by parley setup, which replaces and removes this file.";
const call = /^const program = (".*");$/m;

/** The plugin is a file of parley's own, which names the program once. */
function pluginEditor(owner: Owner): Editor {
  const whole = wholeFile(owner, mark, (program) =>
    text.replace('"PROGRAM"', () => JSON.stringify(program)).trimEnd(),
  );
  return {
    ...whole,
    inspect(found) {
      const state = whole.inspect(found);
      if (found === null || state.state === "foreign") return state;
      const named = call.exec(found)?.[1];
      const programs = named === undefined ? [] : [JSON.parse(named) as string];
      // Where the plugin names another program, that is reported instead of the difference of the texts.
      const current = programs[0] !== owner.program || found === whole.install(found);
      return current
        ? { state: "complete", programs, missing: [] }
        : { state: "partial", programs, missing: ["this version of parley"] };
    },
  };
}

/**
 * OpenCode installs a package into every directory of its configuration by npm, and a plugin makes its start wait for that.
 * Without a network npm retries for more than a minute, at every start. The user's own settings stay.
 */
const npmrcEditor = (owner: Owner): Editor => {
  const whole = wholeFile(owner, "# Written by parley setup, which removes this file.", () =>
    [
      "# OpenCode waits for npm when it starts, because there is a plugin. Without a network it is not to wait long.",
      "fetch-retries=0",
      "fetch-timeout=15000",
    ].join("\n"),
  );
  return {
    ...whole,
    inspect(found) {
      const state = whole.inspect(found);
      return state.state === "foreign" ? { ...state, state: "complete" } : state;
    },
  };
};
