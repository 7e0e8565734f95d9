/** `parley setup` and `parley doctor`, judged by the clients themselves. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { claude } from "./drivers/claude";
import { codex } from "./drivers/codex";
import { isInstalled } from "./drivers/driver";
import { vendors } from "./drivers/vendors";
import type { Body } from "./model/model";
import { Sandbox, snapshot } from "./sandbox";

const story = test.skipIf(!vendors.every(isInstalled));

/** The data directory of parley, and its parents. */
const ours = [".local"];

const finding = async (sandbox: Sandbox, check: string): Promise<Body> =>
  (await sandbox.ask("doctor")).findings.find((each: Body) => each.check === check);

story("setup and its removal leave the home of every client as it was", async () => {
  await using sandbox = new Sandbox(vendors);
  const before = snapshot(sandbox.home, ours);
  expect(await sandbox.parley("setup")).toMatchObject({ exitCode: 0 });
  expect(Object.keys(snapshot(sandbox.home, ours)).length).toBeGreaterThan(
    Object.keys(before).length,
  );
  expect(await sandbox.parley("setup", "--remove")).toMatchObject({ exitCode: 0 });
  expect(snapshot(sandbox.home, ours)).toEqual(before);
});

story("after its removal a client that has worked meanwhile works without parley", async () => {
  await using sandbox = new Sandbox(vendors);
  await sandbox.setUp();
  for (const vendor of vendors) {
    sandbox.model(vendor).script("before", [{ text: "well" }]);
    sandbox.model(vendor).script("after", [{ text: "well" }]);
    expect(await sandbox.prompt(vendor, "before")).toMatchObject({ exitCode: 0 });
  }
  await sandbox.parley("setup", "--remove");
  for (const vendor of vendors) {
    expect(await sandbox.prompt(vendor, "after")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("well"),
    });
    const requests = sandbox.model(vendor);
    expect(JSON.stringify(requests.of("before")[0]!.messages)).toContain("parley: this session is");
    expect(JSON.stringify(requests.of("after")[0]!.body)).not.toContain("parley: this session is");
    expect(JSON.stringify(requests.of("after")[0]!.body)).not.toContain("bus_send");
  }
  const left = snapshot(sandbox.home, ours);
  const programs = Object.entries(left).filter(
    ([name, text]) =>
      /settings\.json|hooks\.json|SKILL\.md|commands|kimi-code.*(config\.toml|mcp\.json)/.test(
        name,
      ) && /parley/.test(text),
  );
  expect(programs).toEqual([]);
});

story("doctor reports that Codex does not trust the hooks, until its user does", async () => {
  await using sandbox = new Sandbox([codex]);
  await sandbox.parley("setup", "codex");
  expect(await finding(sandbox, "codex.trust")).toMatchObject({ status: "error" });
  const model = sandbox.model(codex);
  model.script("untrusted", [{ text: "well" }]);
  await sandbox.prompt(codex, "untrusted");
  expect(JSON.stringify(model.of("untrusted")[0]!.messages)).not.toContain("parley: this session");

  await codex.trust(sandbox);
  expect(await finding(sandbox, "codex.trust")).toMatchObject({ status: "ok" });
  model.script("with consent", [{ text: "well" }]);
  await sandbox.prompt(codex, "with consent");
  expect(JSON.stringify(model.of("with consent")[0]!.messages)).toContain("parley: this session");
});

story("doctor is content where every client is set up and has been seen", async () => {
  await using sandbox = new Sandbox(vendors);
  await sandbox.setUp();
  for (const vendor of vendors) {
    sandbox.model(vendor).script("hello", [{ text: "well" }]);
    await sandbox.prompt(vendor, "hello");
  }
  const { healthy, findings } = await sandbox.ask("doctor");
  expect(findings.filter(({ status }: Body) => !["ok", "info"].includes(status))).toEqual([]);
  expect(healthy).toBe(true);
  const pinned = JSON.parse(readFileSync(join(import.meta.dir, "package.json"), "utf8"));
  expect(await finding(sandbox, "claude")).toMatchObject({
    message: expect.stringContaining(pinned.dependencies["@anthropic-ai/claude-code"]),
  });
});

story("the slash command of Claude Code tells its model to run parley", async () => {
  await using sandbox = new Sandbox([claude]);
  await sandbox.setUp();
  const model = sandbox.model(claude);
  model.script("Then show the user", [{ text: "well" }]);
  await sandbox.prompt(claude, "/session-status --locks");
  const [asked] = model.of("Then show the user");
  expect(asked!.messages.map(({ text }) => text).join("\n")).toMatch(/parley'? status[^]*--locks/);
});

story("the skill of Codex tells its model to run parley", async () => {
  await using sandbox = new Sandbox([codex]);
  await sandbox.setUp();
  const model = sandbox.model(codex);
  model.script("$session-status", [{ text: "well" }]);
  await sandbox.prompt(codex, "$session-status --locks");
  const [asked] = model.of("$session-status");
  expect(asked!.messages.map(({ text }) => text).join("\n")).toMatch(/<skill>[^]*parley'? status/);
});
