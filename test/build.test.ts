/** The binary and its targets. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import packageJson from "../package.json";
import { hostTarget, targets } from "../scripts/targets";
import { binary, sandbox } from "./support";

describe("the built binary", () => {
  test("tells the version, commit and target it was built from", async () => {
    await using box = sandbox();
    const { data } = (await box.parley(["--version", "--json"])).json();
    expect(data).toMatchObject({
      version: packageJson.version,
      commit: expect.stringMatching(/^([0-9a-f]{12}|unknown)$/),
      target: hostTarget().name,
    });
  });

  test("runs when copied alone into an empty directory", async () => {
    await using box = sandbox();
    const copy = join(box.dir, "parley");
    copyFileSync(binary, copy);
    const agent = await box.startAgent("claude");
    const run = await agent.run([copy, "--version"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toContain(packageJson.version);
  });

  test("takes no configuration or code from the directory it is called in", async () => {
    await using box = sandbox();
    const mark = join(box.dir, "was-here");
    writeFileSync(join(box.dir, "preload.ts"), `await Bun.write(${JSON.stringify(mark)}, "");`);
    writeFileSync(join(box.dir, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    writeFileSync(join(box.dir, ".env"), "FORCE_COLOR=1\n");
    const { exitCode, stdout } = await box.parley(["--help"]);
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
