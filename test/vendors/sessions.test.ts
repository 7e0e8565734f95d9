/** One session of each client: joining, finding itself, leaving, being killed. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { codex } from "./drivers/codex";
import { isInstalled } from "./drivers/driver";
import { vendors } from "./drivers/vendors";
import { gate, until } from "./model/model";
import { Sandbox } from "./sandbox";

describe.each([...vendors])("$name", (vendor) => {
  const story = test.skipIf(!isInstalled(vendor));

  story("joins at its start, is found by its own shell, and leaves at its end", async () => {
    await using sandbox = new Sandbox([vendor]);
    await sandbox.setUp();
    const [look, leave] = [gate(), gate()];
    // Codex runs a login shell, whose profile may set another PATH.
    const parley = join(sandbox.bin, "parley");
    sandbox
      .model(vendor)
      .script("take a task", [
        vendor.shell(`${parley} task T.1`),
        look.before(vendor.shell(`${parley} status`)),
        leave.before({ text: "well" }),
      ]);
    const client = sandbox.start(vendor, "take a task");
    await sandbox.model(vendor).asked("take a task", 2);
    const { sessions } = await sandbox.ask("status");
    expect(sessions).toMatchObject([
      {
        // A client that starts itself again is its inner process.
        session_id: expect.stringMatching(new RegExp(`^${vendor.name}-\\d+$`)),
        llm_vendor: vendor.name,
        task_id: "T.1",
        cwd: sandbox.work,
        activity: { state: "working" },
      },
    ]);
    look.open();
    leave.open();
    expect(await client.ended).toMatchObject({ exitCode: 0 });
    expect((await sandbox.ask("status")).sessions).toEqual([]);
  });

  story("gets the mail that its conversation has left unread when that is resumed", async () => {
    await using sandbox = new Sandbox([vendor]);
    await sandbox.setUp();
    const model = sandbox.model(vendor);
    const leave = gate();
    model.script("begin", [leave.before({ text: "well" })]);
    const first = sandbox.start(vendor, "begin");
    await model.asked("begin", 1);
    const [session] = (await sandbox.ask("status")).sessions;
    await sandbox.ask("message", session.session_id, "read this some day", "--priority", "0");
    leave.open();
    expect(await first.ended).toMatchObject({ exitCode: 0 });

    model.script("go on", [{ text: "well" }]);
    const command = vendor.resumed(session.session_uuid, "go on");
    const run = await sandbox.run(
      [join(sandbox.bin, vendor.name), ...command],
      vendor.env(model.url),
    );
    expect(run).toMatchObject({ exitCode: 0 });
    const [asked] = model.of("go on");
    const told = asked!.messages.map(({ text }) => text).join("\n");
    expect(told).toContain("begin");
    expect(told).toContain("read this some day");
    const { messages } = await sandbox.ask("feed");
    expect(messages).toContainEqual(
      expect.objectContaining({ message_type: "directed", status: "delivered" }),
    );
  });

  story("leaves its files to others when it is killed", async () => {
    await using sandbox = new Sandbox([vendor]);
    await sandbox.setUp();
    const file = sandbox.file("a.txt", "alpha\n");
    const edit = vendor.edit(file, "alpha", "beta");
    sandbox.model(vendor).script("first", [...edit, gate().before({ text: "never said" })]);
    const first = sandbox.start(vendor, "first");
    await sandbox.model(vendor).asked("first", edit.length + 1);
    expect((await sandbox.ask("status", "--locks")).locks).toMatchObject([{ file_path: file }]);

    await first.kill();
    sandbox
      .model(vendor)
      .script("second", [...vendor.edit(file, "beta", "gamma"), { text: "well" }]);
    await sandbox.prompt(vendor, "second");
    expect(readFileSync(file, "utf8")).toBe("gamma\n");
  });

  story(
    "edits what another holds where its user wants warnings, and its model is told if it can be",
    async () => {
      await using sandbox = new Sandbox([vendor]);
      await sandbox.setUp();
      await sandbox.parley("setup", vendor.name, "--policy", "warn");
      const file = sandbox.file("a.txt", "alpha\n");
      const edit = vendor.edit(file, "alpha", "beta");
      const leave = gate();
      const model = sandbox.model(vendor);
      model.script("first", [...edit, leave.before({ text: "well" })]);
      const first = sandbox.start(vendor, "first");
      await model.asked("first", edit.length + 1);
      const [holder] = (await sandbox.ask("status")).sessions;

      model.script("second", [...vendor.edit(file, "beta", "gamma"), { text: "well" }]);
      await sandbox.prompt(vendor, "second");
      expect(readFileSync(file, "utf8")).toBe("gamma\n");
      const told = model
        .of("second")
        .at(-1)!
        .messages.map(({ text }) => text);
      const hears = !["gemini", "kimi"].includes(vendor.name);
      expect(told.join("\n").includes(`held by session ${holder.session_id}`)).toBe(hears);
      leave.open();
      await first.ended;
    },
  );

  story("edits what another holds while parley is off", async () => {
    await using sandbox = new Sandbox([vendor]);
    await sandbox.setUp();
    const file = sandbox.file("a.txt", "alpha\n");
    const edit = vendor.edit(file, "alpha", "beta");
    const leave = gate();
    sandbox.model(vendor).script("first", [...edit, leave.before({ text: "well" })]);
    const first = sandbox.start(vendor, "first");
    await sandbox.model(vendor).asked("first", edit.length + 1);

    sandbox
      .model(vendor)
      .script("refused", [...vendor.edit(file, "beta", "gamma"), { text: "well" }]);
    await sandbox.prompt(vendor, "refused");
    expect(readFileSync(file, "utf8")).toBe("beta\n");
    await sandbox.parley("off");
    sandbox
      .model(vendor)
      .script("allowed", [...vendor.edit(file, "beta", "gamma"), { text: "well" }]);
    await sandbox.prompt(vendor, "allowed");
    expect(readFileSync(file, "utf8")).toBe("gamma\n");
    await sandbox.parley("on");
    leave.open();
    await first.ended;
  });
});

test.skipIf(!isInstalled(codex))(
  "two terminals of Codex are two sessions of one process, and keep off each other's files",
  async () => {
    await using sandbox = new Sandbox([codex]);
    await sandbox.setUp();
    const model = sandbox.model(codex);
    const file = sandbox.file("a.txt", "alpha\n");
    const leave = gate();
    model.script("first terminal", [
      ...codex.edit(file, "alpha", "beta"),
      leave.before({ text: "first is done" }),
    ]);
    model.script("second terminal", [
      ...codex.edit(file, "beta", "gamma"),
      codex.mcp("bus_status", {}),
      { text: "second is done" },
    ]);
    const first = await sandbox.terminal(codex);
    await first.submit("first terminal");
    await model.asked("first terminal", 2);
    const second = await sandbox.terminal(codex);
    await second.submit("second terminal");
    const asked = await model.asked("second terminal", 3);

    const { sessions } = await sandbox.ask("status");
    const [one, other] = sessions;
    expect(sessions).toHaveLength(2);
    expect(other.session_id).toBe(`${one.session_id}-2`);
    expect(other.session_uuid).not.toBe(one.session_uuid);
    expect(readFileSync(file, "utf8")).toBe("beta\n");
    const results = asked.messages.filter(({ role }) => role === "tool").map(({ text }) => text);
    expect(results[0]).toContain(`held by session ${one.session_id}`);
    expect(results[1]).toContain(`You are ${other.session_id}`);
    leave.open();
    await until("the answer on the screen", () => first.text().includes("first is done"));
  },
);
