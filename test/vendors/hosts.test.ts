/** Codex's daemon, asked which of its terminals are still there. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { codex } from "./drivers/codex";
import { isInstalled } from "./drivers/driver";
import type { Screen } from "./drivers/terminal";
import { type Body, until } from "./model/model";
import { Sandbox } from "./sandbox";

const story = test.skipIf(!isInstalled(codex));

/** A place whose Codex unloads what no terminal shows after a second, not after a minute. */
async function begin(): Promise<Sandbox> {
  const sandbox = new Sandbox([codex]);
  const config = join(sandbox.home, ".codex/config.toml");
  writeFileSync(config, `thread_unload_delay_secs = 1\n${readFileSync(config, "utf8")}`);
  await sandbox.setUp();
  return sandbox;
}

/** A terminal that has answered one prompt, idles, and has a lock that was taken by hand. */
async function idle(sandbox: Sandbox, name: string): Promise<{ id: string; screen: Screen }> {
  sandbox.model(codex).script(`prompt of ${name}`, [{ text: `${name} is done` }]);
  const before = await sessions(sandbox);
  const screen = await sandbox.terminal(codex);
  await screen.submit(`prompt of ${name}`);
  await until("the answer", () => screen.text().includes(`${name} is done`));
  const found = await until("its session", async () =>
    (await sessions(sandbox)).find(
      ({ session_id: id, activity }) =>
        activity?.state === "idle" && !before.some((each) => each.session_id === id),
    ),
  );
  const id = found.session_id;
  expect((await sandbox.parley("lock", `res:${name}`, "--session", id)).exitCode).toBe(0);
  return { id, screen };
}

const sessions = async (sandbox: Sandbox): Promise<Body[]> =>
  (await sandbox.ask("status", "--no-log"))?.sessions ?? [];

/** Nothing was heard of anybody for so many minutes. */
function silence(sandbox: Sandbox, minutes: number): void {
  using database = new Database(join(sandbox.home, ".local/share/parley/messaging.db"));
  const since = new Date(Date.now() - minutes * 60_000).toISOString();
  database.run("update session_registry set heartbeat_at = ? where liveness = 'pid'", [since]);
}

const lock = (sandbox: Sandbox, name: string) =>
  sandbox.run([join(sandbox.bin, "parley"), "lock", `res:${name}`, "--json", "--session", "asker"]);

story("a terminal that idles for hours keeps its lock; one that was left makes way", async () => {
  await using sandbox = await begin();
  await sandbox.parley("register", "--llm", "asker", "--session-id", "asker");
  const stays = await idle(sandbox, "stays");
  const leaves = await idle(sandbox, "leaves");
  // The hook of its end is lost, as it is where it fails or its user has not trusted it.
  await sandbox.parley("off");
  await leaves.screen.submit("/quit");
  await leaves.screen.ended;
  await Bun.sleep(3000);
  await sandbox.parley("on");

  silence(sandbox, 40);
  const began = performance.now();
  const refused = await lock(sandbox, "stays");
  console.log(`a refusal after asking took ${Math.round(performance.now() - began)} ms`);
  expect(JSON.parse(refused.stdout).error).toMatchObject({
    code: "conflict",
    details: { holder: stays.id },
  });
  expect((await lock(sandbox, "leaves")).exitCode).toBe(0);
  const { lifecycle } = await sandbox.ask("status", "--lifecycle");
  expect(lifecycle[0]).toMatchObject({
    session_id: leaves.id,
    reason: "its shared host has unloaded it",
  });
  expect((await sessions(sandbox)).map(({ session_id: id }) => id)).toContain(stays.id);
});

story("tells of its end once Codex has unloaded it, left or killed", async () => {
  await using sandbox = await begin();
  const left = await idle(sandbox, "left");
  const killed = await idle(sandbox, "killed");
  await left.screen.submit("/quit");
  await left.screen.ended;
  await killed.screen.kill();
  await until("their ends", async () => (await sessions(sandbox)).length === 0);
  const { lifecycle } = await sandbox.ask("status", "--lifecycle");
  const ends = lifecycle.filter(({ event }: Body) => event === "ended");
  expect(ends).toHaveLength(2);
  for (const { reason } of ends) expect(reason).toBe("session ended: other");
});
