/** What setup writes for every agent, what it says, and that it takes all of it out again. */
import { type Group, story } from "../group";
import { git, repository } from "../repository";
import type { Stage } from "../stage";

const vendors = ["claude", "codex", "gemini", "kimi", "opencode"];

/** Configurations that are there before. */
function configured(stage: Stage): void {
  stage.programs(...vendors);
  const files = {
    ".claude/settings.json": '{ "model": "opus", "hooks": { "Stop": [] } } // mine\n',
    ".claude.json": '{"mcpServers": {"other": {"command": "other"}}}',
    ".codex/config.toml": '# mine\nmodel = "gpt-5"\n\n[mcp_servers.other]\ncommand = "other"\n',
    ".codex/hooks.json": '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"mine"}]}]}}',
    ".gemini/settings.json": '{\n\t"theme": "dark",\n\t"hooks": {}\n}\n',
    ".kimi/config.toml": 'model = "k2"\n',
    ".config/opencode/opencode.json": '{ "model": "x" }\n',
    ".claude/commands/session-status.md": "my own command\n",
  };
  for (const [name, text] of Object.entries(files)) stage.write(`home/${name}`, text);
}

const one = (vendor: string): Group =>
  story(
    `setup-${vendor}`,
    `desk* setup ${vendor} --dry-run
     desk setup ${vendor}
     = files
     desk* setup ${vendor}
     desk* setup ${vendor} --project --dry-run
     desk* setup ${vendor} --project
     = files work
     desk* doctor
     desk* setup ${vendor} --remove --dry-run
     desk* setup ${vendor} --remove --project
     desk* setup ${vendor} --remove
     desk* setup ${vendor} --remove`,
    (stage) => {
      configured(stage);
      repository(stage, "work");
    },
  );

const fresh = story(
  "setup-fresh",
  `desk* setup
   desk* setup --policy warn --wake all
   desk* setup claude --user --dry-run
   desk@60 setup claude codex --dry-run
   desk FORCE_COLOR=1 setup claude --dry-run
   desk* setup claude codex gemini kimi opencode
   = files home
   desk* setup --policy deny --wake critical
   desk* setup --policy=off --wake=never --dry-run
   desk* setup --policy=off --wake=never
   desk* setup --links {bin}
   desk* setup --links {work}/links
   desk* setup claude --links /dev/null/x
   desk $ session-status --no-log
   desk* setup claude --project
   desk* setup claude --remove
   desk* doctor
   desk* setup --remove
   = files`,
);

const broken = story(
  "setup-broken",
  `desk* setup codex
   desk* setup claude codex --json
   desk* setup --project
   desk $ sh -c "echo '{}' >{home}/.codex/hooks.json; rm -r {home}/.claude; echo text >{home}/.claude"
   desk* setup claude
   desk* setup claude codex --dry-run
   desk* setup codex CODEX_HOME={work}/codex
   desk CODEX_HOME={work}/codex setup codex
   desk CLAUDE_CONFIG_DIR={work}/claude setup claude
   desk $ parley setup gemini vim
   desk $ sh -c "cd / && parley setup git"
   = files`,
  (stage) => {
    configured(stage);
    stage.write("home/.codex/hooks.json", "{ broken");
  },
);

const hooked = story(
  "setup-git",
  `desk* setup git --dry-run
   desk* setup git
   = files work
   desk* setup git
   desk* doctor
   desk* setup git --remove
   desk $ sh -c "printf '#!/bin/sh\\necho mine\\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit"
   desk* setup git
   = files work
   desk* setup git --remove
   desk $ sh -c "printf '#!/usr/bin/env python3\\nprint(1)\\n' >.git/hooks/pre-commit"
   desk* setup git
   = files work
   desk $ git config core.hooksPath hooks
   desk* setup git
   = files work
   desk* setup --remove
   desk* setup git --project
   desk* setup git claude --dry-run`,
  (stage) => {
    repository(stage, "work");
    git(stage, "work", "config", "user.name", "You");
  },
);

export const setup: readonly Group[] = [...vendors.map(one), fresh, broken, hooked];
