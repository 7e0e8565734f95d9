/** Kimi Code's setup: its files, its events, its skills, and whether it accepts its hooks. */
import { join, resolve } from "node:path";

import { commandBody, commandFiles, type SeedCommand } from "../../setup/commands";
import { findFile, textOf } from "../../setup/files";
import type { HookEvents } from "../../setup/hooks";
import { serverEditor } from "../../setup/server";
import { hookTables, tomlHooksEditor } from "./toml-hooks";
import {
  type ConfigFile,
  type Place,
  type Trust,
  type TrustRequest,
  type VendorSetup,
  notices,
} from "../../setup/vendor";

/** Timeouts in seconds, from 1 to 600. A matcher is a regular expression that has to be found in the tool's name. */
const events: HookEvents = {
  SessionStart: { timeout: 5 },
  UserPromptSubmit: { timeout: 5 },
  PreToolUse: { matcher: "^(Edit|Write|Bash)$", timeout: 5 },
  PermissionRequest: { timeout: 5 },
  PostToolUse: { timeout: 5 },
  Stop: { timeout: 5 },
  StopFailure: { timeout: 5 },
  Interrupt: { timeout: 5 },
  SessionEnd: { timeout: 2 },
};

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
  directory({ scope, env, cwd, home, root }: Place): string {
    if (scope === "project") return join(root, ".kimi-code");
    return env["KIMI_CODE_HOME"] ? resolve(cwd, env["KIMI_CODE_HOME"]) : join(home, ".kimi-code");
  },

  files(place, owner): ConfigFile[] {
    const directory = this.directory(place);
    const config = configOf(place);
    const servers = join(directory, "mcp.json");
    return [
      // It reads no hooks of a repository.
      ...(place.scope === "user"
        ? [
            {
              part: "hooks",
              path: config,
              editor: tomlHooksEditor(config, this.name, events, owner),
            } as const,
          ]
        : []),
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

  trust: async (request) => acceptance(request),
};

const configOf = (place: Place): string =>
  join(kimi.directory({ ...place, scope: "user" }), "config.toml");

/** Whether Kimi accepts the hooks of its configuration, parley's and others': it runs all or none. */
function acceptance({ place }: TrustRequest): Trust {
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
  if (wrong.length === 0) {
    return {
      status: "ok",
      message: `${tables.length} hooks in a form that Kimi takes`,
      remedy: null,
    };
  }
  return {
    status: "error",
    message: `Kimi runs no hook at all, since it does not take ${wrong.join(", ")} in ${path}`,
    remedy: "mend or remove that hook",
  };
}

/** A skill, which its user calls as `/NAME`. */
const kimiSkill = ({ name, description, hint }: SeedCommand, call: string): string => `---
name: ${name}
description: ${JSON.stringify(`${description}. Use it when the user calls /${name} or asks for just that.`)}
---
${commandBody(call, "with the Bash tool", { hint })}`;
