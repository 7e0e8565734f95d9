/** Drives Codex. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { until } from "../model/model";
import { responses } from "../model/responses";
import { trustHooks } from "./codex-trust";
import { packageFile, type Vendor } from "./driver";

const targets: Record<string, string> = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
};
const platform = `${process.platform}-${process.arch}`;

export const codex: Vendor = {
  name: "codex",
  dialect: responses,
  showsMessagesAfter: "tool",
  program: packageFile(`@openai/codex-${platform}`, `vendor/${targets[platform]}/bin/codex`),
  configure: (home, work, modelUrl) => {
    mkdirSync(join(home, ".codex"));
    writeFileSync(join(home, ".codex/config.toml"), config(work, modelUrl));
  },
  env: () => ({ SCRIPTED_MODEL_KEY: "none" }),
  headless: (prompt) => ["exec", "--skip-git-repo-check", prompt],
  resumed: (id, prompt) => ["exec", "--skip-git-repo-check", "resume", id, prompt],
  interactive: [],
  ready: async (screen) => {
    await until("Codex's prompt", () => /› Ask Codex/.test(screen.text()));
  },
  trust: trustHooks,
  edit: (file, from, to) => [
    {
      calls: [
        {
          tool: "apply_patch",
          input: `*** Begin Patch\n*** Update File: ${file}\n@@\n-${from}\n+${to}\n*** End Patch`,
        },
      ],
    },
  ],
  shell: (command) => ({ calls: [{ tool: "exec_command", input: { cmd: command } }] }),
  mcp: (tool, input) => ({ calls: [{ tool: `mcp__parley__${tool}`, input }] }),
};

const config = (work: string, modelUrl: string) => `# a user's own words
model = "gpt-5.5"
model_provider = "scripted"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[analytics]
enabled = false

[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"

[tui]
screen_reader_detection_done = true

[model_providers.scripted]
name = "scripted"
base_url = "${modelUrl}/v1"
wire_api = "responses"
env_key = "SCRIPTED_MODEL_KEY"

[projects."${work}"]
trust_level = "trusted"
`;
