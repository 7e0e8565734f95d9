/** Claude Code's setup: its files, its events, its commands, and what it will ask its user. */
import { join } from "node:path";

import { commandBody, commandFiles, type SeedCommand } from "../../setup/commands";
import { hookEvents, hooksEditor } from "../../setup/hooks";
import { JsonText } from "../../setup/json";
import type { Owner } from "../../setup/program";
import { serverEditor } from "../../setup/server";
import {
  configDirectory,
  type ConfigFile,
  type Editor,
  notices,
  type Place,
  type VendorSetup,
} from "../../setup/vendor";
import { claude as claudeHooks } from "./hooks";

/**
 * `PermissionRequest` comes when a permission prompt is shown, and `Notification` once the prompt has
 * waited for a while. Claude Code cuts `SessionEnd` off after 1.5 s anyway.
 */
const events = hookEvents(claudeHooks.events, "Edit|Write|MultiEdit|NotebookEdit|Bash");

const variable = "CLAUDE_CONFIG_DIR";

/** The user's `mcpServers` are in a file beside the directory; in it, where a variable names another directory. */
function serverFile(place: Place): string {
  if (place.scope === "project") return join(place.root, ".mcp.json");
  return join(place.env[variable] ? claude.directory(place) : place.home, ".claude.json");
}

const switchName = "disableAllHooks";

/** Claude Code skips every hook while its settings have `disableAllHooks`. */
function settingsEditor(file: string, owner: Owner): Editor {
  const editor = hooksEditor(file, "claude", events, owner);
  return {
    ...editor,
    inspect(text) {
      const isOff = new JsonText(text ?? "", file).value([switchName]) === true;
      return { ...editor.inspect(text), ...(isOff && { off: switchName }) };
    },
  };
}

export const claude: VendorSetup = {
  name: "claude",
  title: "Claude Code",
  command: "claude",
  directory: (place) => configDirectory(place, ".claude", variable),

  files(place, owner): ConfigFile[] {
    const directory = this.directory(place);
    const settings = join(directory, "settings.json");
    const servers = serverFile(place);
    return [
      { part: "hooks", path: settings, editor: settingsEditor(settings, owner) },
      { part: "mcp", path: servers, editor: serverEditor(servers, owner) },
      ...commandFiles(owner, claudeCommand, (name) => join(directory, "commands", `${name}.md`)),
    ];
  },

  notes: ({ scope }) => [
    "sessions that are running may have to be started again",
    ...(scope === "project"
      ? [
          "it asks whether this folder and the server in .mcp.json are to be trusted",
          notices.namesProgram,
        ]
      : ["in a folder that is new to it, it asks for trust before any hook runs"]),
    notices.asksForTools,
  ],
};

/** A slash command. Its `allowed-tools` are this one verb, while the command is carried out. */
const claudeCommand = ({ description, hint }: SeedCommand, call: string): string => `---
description: ${JSON.stringify(description)}
argument-hint: ${JSON.stringify(hint)}
allowed-tools: ${JSON.stringify(`Bash(${call}:*)`)}
---
${commandBody(call, "with the Bash tool")}`;
