/** Tests the built binary, and the targets that it is built for. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import packageJson from "../package.json";
import { hostTarget, targets } from "../scripts/targets";
import { binary, sandbox } from "./support";

describe("the built binary", () => {
  test("tells the version, commit and target it was built from", async () => {
    await using s = sandbox();
    const { data } = (await s.parley(["--version", "--json"])).json();
    expect(data).toMatchObject({
      version: packageJson.version,
      commit: expect.stringMatching(/^([0-9a-f]{12}|unknown)$/),
      target: hostTarget().name,
    });
  });

  test("runs when copied alone into an empty directory", async () => {
    await using s = sandbox();
    const copy = join(s.dir, "parley");
    copyFileSync(binary, copy);
    const agent = await s.startAgent("claude");
    const run = await agent.run([copy, "--version"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toContain(packageJson.version);
  });

  test("takes no configuration or code from the directory it is called in", async () => {
    await using s = sandbox();
    const mark = join(s.dir, "was-here");
    writeFileSync(join(s.dir, "preload.ts"), `await Bun.write(${JSON.stringify(mark)}, "");`);
    writeFileSync(join(s.dir, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    writeFileSync(join(s.dir, ".env"), "FORCE_COLOR=1\n");
    const { exitCode, stdout } = await s.parley(["--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("\u001b");
    expect(await Bun.file(mark).exists()).toBe(false);
  });

  test("embeds the native watcher of its target", async () => {
    const bytes = Buffer.from(await Bun.file(binary).arrayBuffer());
    expect(bytes.includes("/$bunfs/root/watcher-")).toBe(true);
  });
});

describe("the targets", () => {
  test("have a watcher binding of the installed version each", () => {
    const { optionalDependencies } = require("@parcel/watcher/package.json");
    expect(targets.map(({ binding }) => optionalDependencies[binding])).toEqual(
      targets.map(() => packageJson.dependencies["@parcel/watcher"]),
    );
  });

  test("are all in the lock file, which names no registry", async () => {
    const lock = await Bun.file(join(import.meta.dir, "../bun.lock")).text();
    expect(targets.filter(({ binding }) => !lock.includes(`"${binding}": [`))).toEqual([]);
    expect(lock).not.toContain("://");
  });
});
