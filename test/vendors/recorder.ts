/** Hooks that only record what a client tells them, and print what a story wants them to. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "jsonc-parser";

import type { Body } from "./model/model";
import type { Sandbox } from "./sandbox";

export interface Recorder {
  /** The payloads of an event so far, oldest first. */
  heard(event: string): Body[];
  /** What the hook of an event prints from now on. */
  say(event: string, output: unknown): void;
}

const claudes = [
  ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "SessionEnd"],
];
const vendors = {
  claude: { events: claudes, file: ".claude/settings.json", timeout: 10 },
  codex: { events: claudes, file: ".codex/hooks.json", timeout: 10 },
  gemini: {
    events: [
      ...["SessionStart", "BeforeAgent", "BeforeTool", "AfterTool", "AfterAgent", "SessionEnd"],
    ],
    file: ".gemini/settings.json",
    timeout: 10_000,
  },
  kimi: { events: claudes, file: ".kimi-code/config.toml", timeout: 10 },
};

/** Writes the hooks into a vendor's settings. */
export function recordHooks(sandbox: Sandbox, vendor: keyof typeof vendors): Recorder {
  const dir = join(sandbox.root, `recorded-${vendor}`);
  mkdirSync(dir);
  const script = join(dir, "hook");
  writeFileSync(
    script,
    `#!/bin/sh\n{ tr -d '\\n'; echo; } >>"${dir}/$1.jsonl"\n[ ! -f "${dir}/$1.say" ] || cat "${dir}/$1.say"\n`,
  );
  chmodSync(script, 0o755);
  const { events, file, timeout } = vendors[vendor];
  const command = (event: string): string => `'${script}' ${event}`;
  const settings = join(sandbox.home, file);
  mkdirSync(join(settings, ".."), { recursive: true });
  const before = existsSync(settings) ? readFileSync(settings, "utf8") : "";
  if (file.endsWith(".toml")) {
    const tables = events.map(
      (event) =>
        `[[hooks]]\nevent = "${event}"\ncommand = "${command(event)}"\ntimeout = ${timeout}\n`,
    );
    writeFileSync(settings, [before, ...tables].join("\n"));
  } else {
    const hooks = Object.fromEntries(
      events.map((event) => [
        event,
        [{ hooks: [{ type: "command", command: command(event), timeout }] }],
      ]),
    );
    writeFileSync(settings, JSON.stringify({ ...parse(before), hooks }, null, 2));
  }
  return {
    heard: (event) => {
      const path = join(dir, `${event}.jsonl`);
      if (!existsSync(path)) return [];
      return readFileSync(path, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    },
    say: (event, output) => writeFileSync(join(dir, `${event}.say`), JSON.stringify(output)),
  };
}
