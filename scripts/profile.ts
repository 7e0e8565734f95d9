/**
 * `bun scripts/profile.ts`: records which functions frequent commands use in `scripts/startup-*.order`. The build orders
 * its bytecode by them, so that a start reads less of the file. The profiles hold hashes of functions, no paths; hashes
 * of functions that have changed since are ignored. Run it after larger changes.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { payload } from "./bench/turn";
import { build } from "./build";
import { hostTarget } from "./targets";

const home = mkdtempSync(join(tmpdir(), "parley-profile-"));
const agent = Bun.spawn(["sleep", "600"]);
const session = `claude-${agent.pid}`;
/** The most frequent command first. */
const commands = {
  message: ["message", session, "hello", "--session", session],
  register: ["register", "--llm", "claude", "--pid", String(agent.pid)],
  hook: ["hook", "claude"],
};
/** The stdin of every command: the payload of an edit, the most frequent hook. */
const input = payload("claude", "PreToolUse", home);

try {
  const { path: binary } = await build(hostTarget());
  const run = (args: string[], env: Record<string, string> = {}): void => {
    const options = args[0] === "hook" ? [] : ["--json"];
    const { status, stderr } = spawnSync(binary, [...args, ...options], {
      env: { HOME: home, PATH: "/usr/bin:/bin", CLAUDE_PID: String(process.pid), ...env },
      input,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`parley ${args.join(" ")} exited with ${status}: ${stderr}`);
  };
  run(commands.register);
  run(commands.hook);
  for (const [name, args] of Object.entries(commands)) {
    run(args, { BUN_BYTECODE_ORDER_OUT: join(import.meta.dir, `startup-${name}.order`) });
  }
  await build(hostTarget());
} finally {
  agent.kill();
  rmSync(home, { recursive: true });
}
