/** What only OpenCode does: conversations of one process, turns that go on by its own server, subagents, commands. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isInstalled } from "./drivers/driver";
import { opencode } from "./drivers/opencode";
import { type Body, gate, until } from "./model/model";
import { Sandbox } from "./sandbox";

const story = test.skipIf(!isInstalled(opencode));

story("a message that came meanwhile makes a turn at a terminal go on", async () => {
  await using sandbox = new Sandbox([opencode]);
  await sandbox.setUp();
  const model = sandbox.model(opencode);
  const end = gate();
  model.script("begin to work", [end.before({ text: "that was it" }), { text: "seen" }]);
  const screen = await sandbox.terminal(opencode);
  await screen.submit("begin to work");
  await model.asked("begin to work", 1);
  const [session] = (await sandbox.ask("status")).sessions;
  await sandbox.ask("message", session.session_id, "look at this", "--priority", "2");
  end.open();
  const second = await model.asked("begin to work", 2);
  const [last] = second.messages.filter(({ role }) => role === "user").toReversed();
  expect(last!.text).toContain("look at this");
  expect(last!.text).toContain('from="operator"');
  const { messages } = await sandbox.ask("feed");
  expect(messages).toContainEqual(
    expect.objectContaining({ message_type: "directed", status: "delivered" }),
  );
  await until("the answer on the screen", () => screen.text().includes("seen"));
});

story("a message that comes at the end of a run without a terminal stays pending", async () => {
  await using sandbox = new Sandbox([opencode]);
  await sandbox.setUp();
  const model = sandbox.model(opencode);
  const end = gate();
  model.script("begin to work", [end.before({ text: "that was it" })]);
  const client = sandbox.start(opencode, "begin to work");
  await model.asked("begin to work", 1);
  await sandbox.ask("message", `opencode-${client.pid}`, "look at this", "--priority", "2");
  end.open();
  expect(await client.ended).toMatchObject({ exitCode: 0 });
  expect(model.of("begin to work")).toHaveLength(1);
  const { messages } = await sandbox.ask("feed");
  expect(messages).toContainEqual(
    expect.objectContaining({ message_type: "directed", status: "pending" }),
  );
});

story(
  "a session that asks its user for permission says so, and works on once it has it",
  async () => {
    await using sandbox = new Sandbox([opencode]);
    const path = join(sandbox.home, ".config/opencode/opencode.json");
    const config = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...config, permission: { bash: "ask" } }));
    await sandbox.setUp();
    const model = sandbox.model(opencode);
    const end = gate();
    model.script("run it", [opencode.shell("echo ran"), end.before({ text: "that was it" })]);
    const screen = await sandbox.terminal(opencode);
    await screen.submit("run it");
    const doing = async (state: string) => {
      // There is no database before its first event.
      const [session] = (await sandbox.ask("status", "--no-log"))?.sessions ?? [];
      return session?.activity?.state === state && session;
    };
    const asking = await until("a question", () => doing("awaiting permission"));
    const to = asking.session_id;
    const sent = await sandbox.ask("message", to, "the build is red", "--priority", "3");
    expect(sent.outlooks).toMatchObject([{ expect: "prompt", unwoken: "awaiting permission" }]);
    await until("the dialog", () => screen.text().includes("Allow once"));
    screen.type("\r");
    const asked = await model.asked("run it", 2);
    expect(asked.messages.map(({ text }) => text).join("\n")).toContain("the build is red");
    await until("work", () => doing("working"));
    end.open();
    await until("the end", () => doing("idle"));
  },
);

story("a turn that its user interrupts does not go on, and what came meanwhile waits", async () => {
  await using sandbox = new Sandbox([opencode]);
  await sandbox.setUp();
  const model = sandbox.model(opencode);
  model.script("begin to work", [gate().before({ text: "never said" })]);
  const screen = await sandbox.terminal(opencode);
  await screen.submit("begin to work");
  await model.asked("begin to work", 1);
  const [session] = (await sandbox.ask("status")).sessions;
  await sandbox.ask("message", session.session_id, "look at this", "--priority", "2");
  // It asks once more whether that is meant.
  for (const _ of [1, 2]) {
    screen.type("\x1b");
    await Bun.sleep(300);
  }
  await until("the end of the turn", () => screen.text().includes("· interrupted"));
  await until("an idle session", async () => {
    const { sessions } = await sandbox.ask("status", "--no-log");
    return sessions[0].activity.state === "idle";
  });
  model.script("what is new", [{ text: "this and that" }]);
  await screen.submit("what is new");
  const asked = await model.asked("what is new", 1);
  const words = asked.messages.map(({ text }) => text).join("\n");
  expect(words.indexOf("look at this")).toBeGreaterThan(words.indexOf("what is new"));
});

story(
  "of two conversations the one that is meant is woken, and what its user types stays",
  async () => {
    await using sandbox = new Sandbox([opencode]);
    await sandbox.setUp();
    const model = sandbox.model(opencode);
    const screen = await sandbox.terminal(opencode);
    for (const each of ["first talk", "second talk"]) {
      model.script(each, [{ text: `an answer to the ${each}` }]);
      if (each === "second talk") await screen.submit("/new");
      await screen.submit(each);
      await until("the answer", () => screen.text().includes(`an answer to the ${each}`));
    }
    const sessions = await until("two idle sessions", async () => {
      const { sessions: all } = await sandbox.ask("status", "--no-log");
      return all.filter((each: Body) => each.reachability.now === "wake").length === 2 && all;
    });
    screen.type("half a thought");
    await until("the draft", () => screen.text().includes("half a thought"));

    const first = `opencode-${screen.pid}`;
    expect(sessions.map((each: Body) => each.session_id)).toContain(first);
    model.script("parley: a message from operator waits", [{ text: "I have seen it" }]);
    await sandbox.ask("message", first, "the build is red", "--priority", "3");
    const asked = await model.asked("parley: a message from operator waits", 1);
    const words = asked.messages.map(({ text }) => text).join("\n");
    expect(words).toContain("first talk");
    expect(words).toContain("the build is red");
    await until("an idle session again", async () => {
      const { sessions: all } = await sandbox.ask("status", "--no-log");
      const woken = all.find((each: Body) => each.session_id === first);
      return woken.reachability.now === "wake" && woken.reachability.last_worked_at;
    });
    expect(screen.text()).toContain("half a thought");
    expect(screen.text()).not.toContain("I have seen it");

    const sockets = () =>
      readdirSync(`${sandbox.root}/tmp`).filter((name) => name.includes("parley"));
    expect(sockets()).toHaveLength(1);
    process.kill(screen.pid, "SIGTERM");
    await screen.ended;
    expect(sockets()).toEqual([]);
  },
);

story("an edit of a subagent is refused where another session holds the file", async () => {
  await using sandbox = new Sandbox([opencode]);
  await sandbox.setUp();
  const model = sandbox.model(opencode);
  const file = sandbox.file("a.txt", "alpha\n");
  const leave = gate();
  model.script("hold it", [
    ...opencode.edit(file, "alpha", "beta"),
    leave.before({ text: "well" }),
  ]);
  const holder = sandbox.start(opencode, "hold it");
  await model.asked("hold it", 3);

  const task = { description: "edit", prompt: "work of the helper", subagent_type: "general" };
  model.script("let a helper do it", [
    { calls: [{ tool: "task", input: task }] },
    { text: "well" },
  ]);
  model.script("work of the helper", [...opencode.edit(file, "beta", "gamma"), { text: "well" }]);
  const client = sandbox.start(opencode, "let a helper do it");
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
  await using sandbox = new Sandbox([opencode]);
  await sandbox.setUp();
  const model = sandbox.model(opencode);
  model.script("Then show the user", [{ text: "well" }]);
  await sandbox.run(
    [`${sandbox.bin}/opencode`, "run", "--command", "session-status", "--", "--locks"],
    opencode.env(model.url),
  );
  const [asked] = model.of("Then show the user");
  expect(asked!.messages.map(({ text }) => text).join("\n")).toMatch(/parley'? status[^]*--locks/);
});
