/** What only Claude Code does: subagents that work in the background. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { claude } from "./drivers/claude";
import { isInstalled } from "./drivers/driver";
import { gate, type Recorded } from "./model/model";
import { Sandbox } from "./sandbox";

const story = test.skipIf(!isInstalled(claude));
const text = ({ messages }: Recorded): string => messages.map((each) => each.text).join("\n");

const helper = (prompt: string) => ({
  calls: [
    {
      tool: "Agent",
      input: { description: "help", prompt, subagent_type: "general-purpose" },
    },
  ],
});

story(
  "a subagent is its session: refused what others hold, and told no message of the session's",
  async () => {
    await using sandbox = new Sandbox([claude]);
    await sandbox.setUp();
    const model = sandbox.model(claude);
    const [file, other] = [sandbox.file("a.txt", "alpha\n"), sandbox.file("b.txt", "alpha\n")];
    const [leave, written] = [gate(), gate()];
    model.script("hold it", [
      ...claude.edit(file, "alpha", "beta"),
      leave.before({ text: "well" }),
    ]);
    const holder = sandbox.start(claude, "hold it");
    await model.asked("hold it", 3);

    model.script("let a helper do it", [helper("work of the helper"), { text: "it works" }]);
    model.script("work of the helper", [
      ...claude.edit(file, "beta", "gamma"),
      ...claude.edit(other, "alpha", "beta"),
      written.before(claude.shell("echo one more")),
      { text: "well" },
    ]);
    const client = sandbox.start(claude, "let a helper do it");
    const refused = await model.asked("work of the helper", 3);
    expect(text(refused)).toContain(`held by session claude-${holder.pid}`);
    await model.asked("work of the helper", 5);
    const { sessions } = await sandbox.ask("status");
    expect(sessions).toHaveLength(2);
    const own = `claude-${client.pid}`;
    expect((await sandbox.ask("status", "--locks")).locks).toContainEqual(
      expect.objectContaining({ session_id: own, file_path: other }),
    );
    await sandbox.ask("message", own, "for the session alone", "--priority", "2");
    written.open();
    const last = await model.asked("work of the helper", 6);
    expect(text(last)).not.toContain("for the session alone");
    expect(await client.ended).toMatchObject({ exitCode: 0 });
    expect([file, other].map((each) => readFileSync(each, "utf8"))).toEqual(["beta\n", "beta\n"]);
    expect(model.requests.some((each) => text(each).includes("for the session alone"))).toBe(true);
    leave.open();
    await holder.ended;
  },
);
