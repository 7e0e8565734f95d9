/** Stories of `project`, and of choosing one. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { type Sandbox, sandbox } from "../../support";

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.cleanup());

function repositories(...names: string[]): string[] {
  return names.map((name) => {
    const directory = join(box.dir, name);
    mkdirSync(directory);
    Bun.spawnSync(["git", "init", "-q", directory]);
    return directory;
  });
}

test("Before any registration the project of a directory is free, and no database is made", async () => {
  const [pilot] = repositories("pilot");
  const run = await box.parley(["project", "--json"], { cwd: pilot! });
  expect(run.json().data).toEqual({
    project_id: "pilot",
    source: "git",
    root: pilot,
    occupied_by: [],
    candidates: [],
  });
  expect(existsSync(box.db)).toBe(false);
});

test("An agent picks the project that no other session works on", async () => {
  const [pilot, atlas] = repositories("pilot", "atlas") as [string, string];
  const claude = await box.startAgent("claude", { cwd: pilot });
  const registered = await claude.run(["parley", "register", "--task-id", "H.1", "--json"]);
  const { session_id } = registered.json().data.session;
  const codex = await box.startAgent("codex", { cwd: pilot });

  const seen = await codex.run(["parley", "project", "--candidates", pilot, atlas]);
  expect(seen.stdout).toBe(`Project
==================================================
Project: pilot (via git)
Root: ${pilot}
Occupied by: ${session_id} (claude) on H.1

Candidates:
- ${pilot}: pilot, occupied by ${session_id} (claude) on H.1
- ${atlas}: atlas, free (PICKED)
Picked: ${atlas}
`);
  const own = await claude.run(["parley", "project", "--candidates", pilot, atlas, "--json"]);
  expect(own.json().data).toMatchObject({
    occupied_by: [],
    candidates: [{ picked: true }, { picked: false, free: true }],
  });

  const full = await codex.run(["parley", "project", "--candidates", pilot]);
  expect(full.exitCode).toBe(0);
  expect(full.stdout).toContain("Picked: none, all are occupied");
  const named = await codex.run(["parley", "project", "--candidates", pilot, "--json"], {
    env: { PARLEY_PROJECT: "pilot" },
  });
  expect(named.json().data.candidates).toMatchObject([{ free: false, picked: true }]);

  await claude.kill();
  const freed = await codex.run(["parley", "project", "--candidates", pilot, "--json"]);
  expect(freed.json().data.candidates).toMatchObject([{ free: true, picked: true }]);
});

test("Directories and --candidates belong together", async () => {
  for (const args of [["--candidates"], [box.dir]]) {
    expect((await box.parley(["project", ...args])).exitCode).toBe(64);
  }
  expect((await box.parley(["project", "--candidates", "nowhere"])).exitCode).toBe(4);
});
