/** Drives Kimi Code. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chatCompletions } from "../model/chat-completions";
import { until } from "../model/model";
import { node, packageFile, type Vendor } from "./driver";

export const kimi: Vendor = {
  name: "kimi",
  dialect: chatCompletions,
  showsMessagesAfter: "turn",
  program: packageFile("@moonshot-ai/kimi-code", "dist/main.mjs"),
  interpreter: node,
  configure: (home) => {
    mkdirSync(join(home, ".kimi-code"));
    writeFileSync(join(home, ".kimi-code/config.toml"), config);
  },
  env: (modelUrl) => ({
    KIMI_MODEL_NAME: "scripted",
    KIMI_MODEL_API_KEY: "of-the-scripted-model",
    KIMI_MODEL_PROVIDER_TYPE: "openai",
    KIMI_MODEL_BASE_URL: `${modelUrl}/v1`,
  }),
  headless: (prompt) => ["-p", prompt],
  resumed: (id, prompt) => ["-p", prompt, "--session", id],
  interactive: ["--yolo"],
  ready: async (screen) => {
    const shown = await until("Kimi", () =>
      /Trust this folder|Welcome to Kimi/.exec(screen.text()),
    );
    if (shown[0].startsWith("Trust")) screen.type("\r");
    await until("Kimi's prompt", () => /Welcome to Kimi[^]*context:/.test(screen.text()));
  },
  trust: async () => {},
  edit: (file, from, to) => [
    { calls: [{ tool: "Read", input: { path: file } }] },
    { calls: [{ tool: "Edit", input: { path: file, old_string: from, new_string: to } }] },
  ],
  shell: (command) => ({ calls: [{ tool: "Bash", input: { command } }] }),
  mcp: (tool, input) => ({ calls: [{ tool: `mcp__parley__${tool}`, input }] }),
};

const config = `# a user's own words
telemetry = false
`;
