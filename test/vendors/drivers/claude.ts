/** Drives Claude Code. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { anthropic } from "../model/anthropic";
import { until } from "../model/model";
import { packageFile, type Vendor } from "./driver";

const key = "sk-ant-of-the-scripted-model-0000";

/** No dialogs: they would get no answer. Root may not skip permissions altogether. */
const permissions = ["--permission-mode", "acceptEdits", "--allowedTools", "Bash,mcp__parley"];

export const claude: Vendor = {
  name: "claude",
  dialect: anthropic,
  showsMessagesAfter: "tool",
  program: packageFile(`@anthropic-ai/claude-code-${process.platform}-${process.arch}`, "claude"),
  configure: (home, work) => {
    const known = {
      hasCompletedOnboarding: true,
      theme: "dark",
      // The terminal asks about a key of the environment, by its last 20 characters.
      customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
      projects: { [work]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    };
    writeFileSync(join(home, ".claude.json"), `${JSON.stringify(known, null, 2)}\n`);
  },
  env: (modelUrl) => ({
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: key,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
  }),
  headless: (prompt) => ["-p", prompt, ...permissions],
  resumed: (id, prompt) => ["-p", prompt, ...permissions, "--resume", id],
  interactive: permissions,
  ready: async (screen) => {
    await until("Claude Code's prompt", () =>
      /\? for shortcuts|accept edits on/.test(screen.text()),
    );
  },
  trust: async () => {},
  edit: (file, from, to) => [
    { calls: [{ tool: "Read", input: { file_path: file } }] },
    { calls: [{ tool: "Edit", input: { file_path: file, old_string: from, new_string: to } }] },
  ],
  shell: (command) => ({ calls: [{ tool: "Bash", input: { command } }] }),
  mcp: (tool, input) => ({ calls: [{ tool: `mcp__parley__${tool}`, input }] }),
};
