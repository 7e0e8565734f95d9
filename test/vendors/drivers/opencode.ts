/** Drives OpenCode. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { anthropic } from "../model/anthropic";
import { until } from "../model/model";
import { packageFile, type Vendor } from "./driver";

export const opencode: Vendor = {
  name: "opencode",
  dialect: anthropic,
  showsMessagesAfter: "tool",
  program: packageFile(`opencode-${process.platform}-${process.arch}`, "bin/opencode"),
  configure: (home, _work, modelUrl) => {
    const directory = join(home, ".config/opencode");
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "opencode.json"), `${config(modelUrl)}\n`);
    haveInstalled(directory);
  },
  env: () => ({
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER: "1",
  }),
  headless: (prompt) => ["run", prompt],
  resumed: (id, prompt) => ["run", "--session", id, prompt],
  interactive: [],
  ready: async (screen) => {
    await until("OpenCode's prompt", () => /Ask anything/.test(screen.text()));
  },
  trust: async () => {},
  edit: (file, from, to) => [
    { calls: [{ tool: "read", input: { filePath: file } }] },
    { calls: [{ tool: "edit", input: { filePath: file, oldString: from, newString: to } }] },
  ],
  shell: (command) => ({ calls: [{ tool: "bash", input: { command, description: "work" } }] }),
  mcp: (tool, input) => ({ calls: [{ tool: `parley_${tool}`, input }] }),
};

/** One model for everything, so that no title is asked of another. */
const config = (modelUrl: string): string =>
  JSON.stringify(
    {
      model: "anthropic/claude-sonnet-4-5",
      small_model: "anthropic/claude-sonnet-4-5",
      share: "disabled",
      snapshot: false,
      provider: { anthropic: { options: { baseURL: `${modelUrl}/v1`, apiKey: "none" } } },
    },
    null,
    2,
  );

/**
 * What the first start on a machine with a network leaves, so that no start tries again to install it: one that exits in
 * the middle leaves the lock of its installation, for which the next one waits until the lock is a minute old.
 */
function haveInstalled(directory: string): void {
  mkdirSync(join(directory, "node_modules"), { recursive: true });
  const installed = { packages: { "": { dependencies: { "@opencode-ai/plugin": "*" } } } };
  writeFileSync(join(directory, "package-lock.json"), JSON.stringify(installed));
}
