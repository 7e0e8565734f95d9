/** Hooks that only record what a client tells them, and print what a story wants them to. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Body } from "./model/model";
import type { Place } from "./place";

export interface Recorder {
  /** The payloads of an event so far, oldest first. */
  heard(event: string): Body[];
  /** What the hook of an event prints from now on. */
  say(event: string, output: unknown): void;
}

const events = {
  claude: ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "SessionEnd"],
  codex: ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "SessionEnd"],
};
const files = { claude: ".claude/settings.json", codex: ".codex/hooks.json" };

/** Writes the hooks into a vendor's settings. */
export function recordHooks(place: Place, vendor: keyof typeof events): Recorder {
  const dir = join(place.root, `recorded-${vendor}`);
  mkdirSync(dir);
  const script = join(dir, "hook");
  writeFileSync(
    script,
    `#!/bin/sh\n{ tr -d '\\n'; echo; } >>"${dir}/$1.jsonl"\n[ ! -f "${dir}/$1.say" ] || cat "${dir}/$1.say"\n`,
  );
  chmodSync(script, 0o755);
  const hooks = Object.fromEntries(
    events[vendor].map((event) => [
      event,
      [{ hooks: [{ type: "command", command: `'${script}' ${event}`, timeout: 10 }] }],
    ]),
  );
  const settings = join(place.home, files[vendor]);
  mkdirSync(join(settings, ".."), { recursive: true });
  writeFileSync(settings, JSON.stringify({ hooks }, null, 2));
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
