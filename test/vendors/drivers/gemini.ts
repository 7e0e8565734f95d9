/** Drives Gemini CLI. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { generateContent } from "../model/generate-content";
import { until } from "../model/model";
import { node, packageFile, type Vendor } from "./driver";

/** No human is there to answer its questions. */
const permissions = ["--approval-mode", "yolo", "--model", "gemini-2.5-flash"];

export const gemini: Vendor = {
  name: "gemini",
  dialect: generateContent,
  showsMessagesAfter: "tool",
  program: packageFile("@google/gemini-cli", "bundle/gemini.js"),
  interpreter: node,
  configure: (home, work) => {
    mkdirSync(join(home, ".gemini"));
    writeFileSync(join(home, ".gemini/settings.json"), settings);
    const trusted = { [work]: "TRUST_FOLDER" };
    writeFileSync(join(home, ".gemini/trustedFolders.json"), `${JSON.stringify(trusted)}\n`);
  },
  env: (modelUrl) => ({
    GEMINI_API_KEY: "of-the-scripted-model",
    GOOGLE_GEMINI_BASE_URL: modelUrl,
  }),
  headless: (prompt) => ["-p", prompt, ...permissions],
  resumed: (id, prompt) => ["-p", prompt, ...permissions, "--resume", id],
  interactive: permissions,
  ready: async (screen) => {
    await until("Gemini's prompt", () =>
      /Authenticated with[^]*Type your message/.test(screen.text()),
    );
  },
  trust: async () => {},
  edit: (file, from, to) => [
    {
      calls: [
        {
          tool: "replace",
          input: { file_path: file, instruction: "change it", old_string: from, new_string: to },
        },
      ],
    },
  ],
  shell: (command) => ({ calls: [{ tool: "run_shell_command", input: { command } }] }),
  mcp: (tool, input) => ({ calls: [{ tool: `mcp_parley_${tool}`, input }] }),
};

const settings = `{
  // a user's own words
  "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false },
  "privacy": { "usageStatisticsEnabled": false },
  "telemetry": { "enabled": false },
  "security": { "auth": { "selectedType": "gemini-api-key" } }
}
`;
