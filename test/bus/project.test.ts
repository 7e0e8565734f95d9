/** Projects and the sessions that occupy them. */
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findCaller, nobody } from "../../src/bus/caller";
import { findProject } from "../../src/bus/project";
import { busOf, identityIn } from "./ports";
import { agent, contract } from "./fixture";

const directories: string[] = [];
afterEach(() => {
  for (const each of directories.splice(0)) rmSync(each, { recursive: true, force: true });
});

/** A directory with these git repositories in it. */
function directoryWith(...repositories: string[]): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "parley-project-")));
  directories.push(root);
  for (const name of repositories) {
    const git = join(root, name, ".git");
    for (const part of ["objects", "refs"]) mkdirSync(join(git, part), { recursive: true });
    Bun.spawnSync(["sh", "-c", 'echo "ref: refs/heads/main" > "$0/HEAD"', git]);
  }
  return root;
}

const request = (cwd: string, candidates: string[] = [], explicit: string | null = null) => ({
  cwd,
  explicit,
  candidates,
});

contract("A project", (newFixture) => {
  test("is reported with the sessions that occupy it, except the caller", async () => {
    const w = await newFixture();
    const root = directoryWith("atlas");
    const cwd = join(root, "atlas");
    for (const pid of [1, 2])
      await w.store.registerSession(agent("codex", pid, { project_id: "atlas" }), w.liveness());
    await w.store.registerSession(agent("kimi", 3, { project_id: "pilot" }), w.liveness());
    const bus = busOf(w, cwd, { PARLEY_SESSION: "codex-1" });
    const { result, warnings } = await findProject(
      bus.identity,
      bus,
      await findCaller(bus, false),
      request(cwd),
    );
    expect(result).toMatchObject({ project_id: "atlas", source: "git", root: cwd, candidates: [] });
    expect(result.occupied_by.map((each) => each.session_id)).toEqual(["codex-2"]);
    expect(warnings).toEqual([]);
  });

  test("is picked where it is the first that no other session occupies", async () => {
    const w = await newFixture();
    const root = directoryWith("atlas", "pilot", "zebra");
    await w.store.registerSession(agent("codex", 1, { project_id: "atlas" }), w.liveness());
    await w.store.registerSession(agent("codex", 2, { project_id: "pilot" }), w.liveness());
    const names = ["atlas", "pilot", "zebra"].map((name) => join(root, name));
    const pick = async (env: Record<string, string>) => {
      const bus = busOf(w, root, env);
      const { result } = await findProject(
        bus.identity,
        bus,
        await findCaller(bus, false),
        request(root, names),
      );
      return result.candidates.map(({ free, picked }) => (picked ? "picked" : free ? "free" : "-"));
    };
    expect(await pick({})).toEqual(["-", "-", "picked"]);
    // The calling session does not lock out itself.
    expect(await pick({ PARLEY_SESSION: "codex-2" })).toEqual(["-", "picked", "free"]);
    await w.store.registerSession(agent("codex", 3, { project_id: "zebra" }), w.liveness());
    expect(await pick({})).toEqual(["-", "-", "-"]);
  });

  test("that was named is picked even if it is occupied", async () => {
    const w = await newFixture();
    const root = directoryWith("atlas", "pilot");
    await w.store.registerSession(agent("codex", 1, { project_id: "P" }), w.liveness());
    const names = ["atlas", "pilot"].map((name) => join(root, name));
    const named = busOf(w, root, { PARLEY_PROJECT: "P" });
    const byVariable = await findProject(
      named.identity,
      named,
      await findCaller(named, false),
      request(root, names),
    );
    expect(byVariable.result).toMatchObject({ project_id: "P", source: "PARLEY_PROJECT" });
    const bus = busOf(w, root);
    const byOption = await findProject(
      bus.identity,
      bus,
      await findCaller(bus, false),
      request(root, names, "P"),
    );
    expect(byOption.result).toMatchObject({ project_id: "P", source: "--project" });
    for (const { result } of [byVariable, byOption]) {
      expect(result.occupied_by).toHaveLength(1);
      expect(result.candidates.map(({ free, picked }) => [free, picked])).toEqual([
        [false, true],
        [false, false],
      ]);
    }
  });

  test("is freed by the end of its session; a directory without a project is occupied by the sessions in it", async () => {
    const w = await newFixture();
    const root = directoryWith("atlas");
    mkdirSync(join(root, "plain"));
    symlinkSync(join(root, "plain"), join(root, "link"));
    await w.store.registerSession(agent("codex", 1, { project_id: "atlas" }), w.liveness());
    await w.store.registerSession(agent("codex", 2, { cwd: join(root, "plain") }), w.liveness());
    const names = ["link", "atlas"].map((name) => join(root, name));
    const bus = busOf(w, root);
    const look = async () =>
      (await findProject(bus.identity, bus, await findCaller(bus, false), request(root, names)))
        .result;
    expect((await look()).candidates.map((each) => each.free)).toEqual([false, false]);
    await w.store.endSession("codex-1", "session ended normally", w.liveness());
    expect(await look()).toMatchObject({
      occupied_by: [],
      candidates: [
        { directory: join(root, "plain"), project_id: null, free: false, picked: false },
        { project_id: "atlas", free: true, picked: true },
      ],
    });
  });
});

test("Without a database no project is occupied", async () => {
  const root = directoryWith("atlas");
  const identity = identityIn(root);
  const { result } = await findProject(
    identity,
    null,
    nobody,
    request(root, [join(root, "atlas")]),
  );
  expect(result.candidates).toMatchObject([{ project_id: "atlas", free: true, picked: true }]);
});

test("A candidate that is no directory is an error", async () => {
  const root = directoryWith();
  const looking = findProject(
    identityIn(root),
    null,
    nobody,
    request(root, [join(root, "nowhere")]),
  );
  expect(looking).rejects.toMatchObject({ code: "not_found" });
});
