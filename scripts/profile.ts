/**
 * `bun scripts/profile.ts`: records which functions a hot command uses into `scripts/startup-*.order`, by which the build
 * lays out its bytecode so that a start reads less of the file. The profiles hold hashes of functions, no paths; those
 * of functions that have changed since are only left out. Run it after larger changes.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "./build";
import { hostTarget } from "./targets";

const home = mkdtempSync(join(tmpdir(), "parley-profile-"));
const agent = Bun.spawn(["sleep", "600"]);
const session = `claude-${agent.pid}`;
/** The most common way to start comes first. */
const commands = {
  message: ["message", session, "hello", "--session", session],
  register: ["register", "--llm", "claude", "--pid", String(agent.pid)],
};

try {
  const binary = await build(hostTarget());
  const run = (args: string[], env: Record<string, string> = {}): void => {
    const { status, stderr } = spawnSync(binary, [...args, "--json"], {
      env: { HOME: home, PATH: "/usr/bin:/bin", ...env },
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`parley ${args.join(" ")} exited with ${status}: ${stderr}`);
  };
  run(commands.register);
  for (const [name, args] of Object.entries(commands)) {
    run(args, { BUN_BYTECODE_ORDER_OUT: join(import.meta.dir, `startup-${name}.order`) });
  }
  await build(hostTarget());
} finally {
  agent.kill();
  rmSync(home, { recursive: true });
}
