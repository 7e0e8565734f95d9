/** Gemini CLI's setup: its files, its events, its commands, and whether it has hooks switched off. */
import { join, resolve } from "node:path";

import { commandBody, commandFiles, type SeedCommand, tomlMark } from "../../setup/commands";
import { findFile, textOf } from "../../setup/files";
import { hookEvents, hooksEditor } from "../../setup/hooks";
import { JsonText } from "../../setup/json";
import { programOfHook } from "../../setup/program";
import { serverEditor } from "../../setup/server";
import {
  type ConfigFile,
  notices,
  trust,
  type TrustRequest,
  type VendorSetup,
} from "../../setup/vendor";
import { gemini as geminiHooks } from "./hooks";

/** Timeouts in milliseconds. A matcher is a regular expression that has to be found in the tool's name. */
const events = hookEvents(geminiHooks.events, "^(replace|write_file|run_shell_command)$", 1000);

export const gemini: VendorSetup = {
  name: "gemini",
  title: "Gemini CLI",
  command: "gemini",
  package: "@google/gemini-cli",
  directory({ scope, env, cwd, home, root }) {
    if (scope === "project") return join(root, ".gemini");
    const own = env["GEMINI_CLI_HOME"];
    return join(own ? resolve(cwd, own) : home, ".gemini");
  },

  files(place, owner): ConfigFile[] {
    const directory = this.directory(place);
    const settings = join(directory, "settings.json");
    return [
      { part: "hooks", path: settings, editor: hooksEditor(settings, this.name, events, owner) },
      { part: "mcp", path: settings, editor: serverEditor(settings, owner) },
      ...commandFiles(
        owner,
        geminiCommand,
        (name) => join(directory, "commands", `${name}.toml`),
        tomlMark,
      ),
    ];
  },

  notes: ({ scope }) => [
    notices.startAgain,
    ...(scope === "project"
      ? [
          "it runs this repository's hooks only once you have trusted the folder",
          notices.namesProgram,
        ]
      : []),
    notices.asksForTools,
  ],

  trust: hooksSwitch,
};

/** Whether its settings switch hooks off: all of them, or parley's by their command. */
function hooksSwitch({ place, owner }: TrustRequest) {
  for (const scope of ["user", "project"] as const) {
    const path = join(gemini.directory({ ...place, scope }), "settings.json");
    const { bytes } = findFile(path);
    const config = new JsonText((bytes && textOf(path, bytes)) ?? "", path).value(["hooksConfig"]);
    const { enabled, disabled } = (config ?? {}) as { enabled?: unknown; disabled?: unknown };
    const own = (name: unknown): boolean => programOfHook(name, gemini.name, owner) !== null;
    const remedy = "switch them on in gemini with /hooks";
    if (enabled === false) return trust("error", `hooks are switched off in ${path}`, remedy);
    if (Array.isArray(disabled) && disabled.some(own))
      return trust("error", `parley's hooks are switched off in ${path}`, remedy);
  }
  return trust("ok", "hooks are switched on");
}

/** A slash command, in TOML. */
const geminiCommand = ({ description, hint }: SeedCommand, call: string): string => {
  const placeholder = "{{args}}";
  const prompt = commandBody(call, "with the tool run_shell_command", { hint, placeholder });
  return `description = ${JSON.stringify(description)}
prompt = """
${prompt.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"""
`;
};
