/** Kimi Code's setup: its files, its events, its skills, and whether it accepts its hooks. */
import { join } from "node:path";

import { commandBody, commandFiles, type SeedCommand, skillHead } from "../../setup/commands";
import { findFile, textOf } from "../../setup/files";
import { hookEvents } from "../../setup/hooks";
import { serverEditor } from "../../setup/server";
import {
  configDirectory,
  type ConfigFile,
  notices,
  type Place,
  trust,
  type TrustRequest,
  type VendorSetup,
} from "../../setup/vendor";
import { kimi as kimiHooks } from "./hooks";
import { hookTables, tomlHooksEditor } from "./toml-hooks";

/** Timeouts in seconds, from 1 to 600. A matcher is a regular expression that has to be found in the tool's name. */
const events = hookEvents(kimiHooks.events, "^(Edit|Write|Bash)$");

/** All keys and events that 2.1.0 knows. With any other, anywhere, it runs no hook at all. */
const knownKeys = ["event", "matcher", "command", "timeout"];
const knownEvents = [
  ...["PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionRequest", "PermissionResult"],
  ...["UserPromptSubmit", "UserPromptQueued", "TurnStarted", "Stop", "StopFailure", "Interrupt"],
  ...["SessionStart", "SessionEnd", "SessionHeartbeat", "SubagentStart", "SubagentStop"],
  ...["TaskStarted", "PreCompact", "PostCompact", "Notification"],
];

export const kimi: VendorSetup = {
  name: "kimi",
  title: "Kimi Code",
  command: "kimi",
  package: "@moonshot-ai/kimi-code",
  directory: (place) => configDirectory(place, ".kimi-code", "KIMI_CODE_HOME"),

  files(place, owner): ConfigFile[] {
    const directory = this.directory(place);
    const path = configOf(place);
    const editor = tomlHooksEditor(path, this.name, events, owner);
    const servers = join(directory, "mcp.json");
    return [
      // It reads no hooks of a repository.
      ...(place.scope === "user" ? [{ part: "hooks", path, editor } as const] : []),
      { part: "mcp", path: servers, editor: serverEditor(servers, owner) },
      ...commandFiles(owner, kimiSkill, (name) => join(directory, "skills", name, "SKILL.md")),
    ];
  },

  notes: ({ scope }) => [
    notices.startAgain,
    ...(scope === "project"
      ? [
          "it has hooks for all of your work alone: run parley setup kimi without --project for them",
          "it reads the server in .kimi-code/mcp.json only where it is started right beside that, and asks whether to trust it",
          notices.namesProgram,
        ]
      : []),
    notices.asksForTools,
  ],

  trust: acceptance,
};

const configOf = (place: Place): string =>
  join(kimi.directory({ ...place, scope: "user" }), "config.toml");

/** Whether Kimi accepts the hooks of its configuration, parley's and others': it runs all or none. */
function acceptance({ place }: TrustRequest) {
  const path = configOf(place);
  const { bytes } = findFile(path);
  const tables = hookTables((bytes && textOf(path, bytes)) ?? "", path);
  const wrong = tables.flatMap(({ event, timeout, ...rest }, index): string[] => {
    const keys = Object.keys(rest).filter((key) => !knownKeys.includes(key));
    const isEvent = typeof event === "string" && knownEvents.includes(event);
    const isTime =
      timeout === undefined || (Number.isInteger(timeout) && +timeout! >= 1 && +timeout! <= 600);
    const faults = [
      ...keys.map((key) => `the key ${JSON.stringify(key)}`),
      ...(isEvent ? [] : [`the event ${JSON.stringify(event ?? null)}`]),
      ...(isTime ? [] : [`the timeout ${JSON.stringify(timeout)}`]),
    ];
    return faults.map((fault) => `${fault} of hook ${index + 1}`);
  });
  if (wrong.length === 0) return trust("ok", `${tables.length} hooks in a form that Kimi takes`);
  const message = `Kimi runs no hook at all, since it does not take ${wrong.join(", ")} in ${path}`;
  return trust("error", message, "mend or remove that hook");
}

/** A skill, which its user calls as `/NAME`. */
const kimiSkill = (command: SeedCommand, call: string): string =>
  skillHead(command, "/") + commandBody(call, "with the Bash tool", { hint: command.hint });
