/** What only OpenCode does: conversations of one process, turns that go on by its own server, subagents, commands. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { isInstalled } from "./drivers/driver";
import { opencode } from "./drivers/opencode";
import { gate, until } from "./model/model";
import { Place } from "./place";

const story = test.skipIf(!isInstalled(opencode));

story("a message that came meanwhile makes a turn at a terminal go on", async () => {
  await using place = new Place([opencode]);
  await place.setUp();
  const model = place.model(opencode);
  const end = gate();
  model.script("begin to work", [end.before({ text: "that was it" }), { text: "seen" }]);
  const screen = await place.terminal(opencode);
  await screen.submit("begin to work");
  await model.asked("begin to work", 1);
  const [session] = (await place.ask("status")).sessions;
  await place.ask("message", session.session_id, "look at this", "--priority", "2");
  end.open();
  const second = await model.asked("begin to work", 2);
  const [last] = second.messages.filter(({ role }) => role === "user").toReversed();
  expect(last!.text).toContain("look at this");
  expect(last!.text).toContain('from="operator"');
  const { messages } = await place.ask("feed");
  expect(messages).toContainEqual(
    expect.objectContaining({ message_type: "directed", status: "delivered" }),
  );
  await until("the answer on the screen", () => screen.text().includes("seen"));
});

story("a message that comes at the end of a run without a terminal stays pending", async () => {
  await using place = new Place([opencode]);
  await place.setUp();
  const model = place.model(opencode);
  const end = gate();
  model.script("begin to work", [end.before({ text: "that was it" })]);
  const client = place.start(opencode, "begin to work");
  await model.asked("begin to work", 1);
  await place.ask("message", `opencode-${client.pid}`, "look at this", "--priority", "2");
  end.open();
  expect(await client.ended).toMatchObject({ exitCode: 0 });
  expect(model.of("begin to work")).toHaveLength(1);
  const { messages } = await place.ask("feed");
  expect(messages).toContainEqual(
    expect.objectContaining({ message_type: "directed", status: "pending" }),
  );
});

story("an edit of a subagent is refused where another session holds the file", async () => {
  await using place = new Place([opencode]);
  await place.setUp();
  const model = place.model(opencode);
  const file = place.file("a.txt", "alpha\n");
  const leave = gate();
  model.script("hold it", [
    ...opencode.edit(file, "alpha", "beta"),
    leave.before({ text: "well" }),
  ]);
  const holder = place.start(opencode, "hold it");
  await model.asked("hold it", 3);

  const task = { description: "edit", prompt: "work of the helper", subagent_type: "general" };
  model.script("let a helper do it", [
    { calls: [{ tool: "task", input: task }] },
    { text: "well" },
  ]);
  model.script("work of the helper", [...opencode.edit(file, "beta", "gamma"), { text: "well" }]);
  const client = place.start(opencode, "let a helper do it");
  expect(await client.ended).toMatchObject({ exitCode: 0 });
  expect(readFileSync(file, "utf8")).toBe("beta\n");
  const asked = model.of("work of the helper").at(-1)!;
  expect(asked.messages.map(({ text }) => text).join("\n")).toContain(
    `held by session opencode-${holder.pid}`,
  );
  leave.open();
  await holder.ended;
});

story("its command tells its model to run parley", async () => {
  await using place = new Place([opencode]);
  await place.setUp();
  const model = place.model(opencode);
  model.script("Then show the user", [{ text: "well" }]);
  await place.run(
    [`${place.bin}/opencode`, "run", "--command", "session-status", "--", "--locks"],
    opencode.env(model.url),
  );
  const [asked] = model.of("Then show the user");
  expect(asked!.messages.map(({ text }) => text).join("\n")).toMatch(/parley'? status[^]*--locks/);
});
