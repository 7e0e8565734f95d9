/** An idle client at its terminal is woken by a message, without a key being typed. */
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";

import { claude } from "./drivers/claude";
import { isInstalled, type Vendor } from "./drivers/driver";
import { vendors } from "./drivers/vendors";
import { type Recorded, until } from "./model/model";
import { Sandbox } from "./sandbox";

const text = ({ messages }: Recorded): string => messages.map((each) => each.text).join("\n");

/** Clients that can be woken; the others are shown the message at their next prompt. */
const wakeable = vendors.filter(({ name }) => ["claude", "codex", "opencode"].includes(name));

/** Begins a session at a terminal that has answered one prompt, and idles. */
async function idleIn(sandbox: Sandbox, vendor: Vendor) {
  const model = sandbox.model(vendor);
  model.script("good morning", [{ text: "good morning to you" }]);
  const screen = await sandbox.terminal(vendor);
  await screen.submit("good morning");
  await until("the answer", () => screen.text().includes("good morning to you"));
  const session = await until("an idle session", async () =>
    (await sandbox.ask("status", "--no-log")).sessions.find(
      (each: { activity: { state: string } | null }) => each.activity?.state === "idle",
    ),
  );
  return { screen, model, session };
}

describe.each(wakeable)("$name", (vendor) => {
  const story = test.skipIf(!isInstalled(vendor));
  const idle = (sandbox: Sandbox) => idleIn(sandbox, vendor);

  story("is woken from idle by a critical message, and its model sees it", async () => {
    await using sandbox = new Sandbox([vendor]);
    await sandbox.setUp();
    const { model, session, screen } = await idle(sandbox);
    expect(session.reachability).toMatchObject({ now: "wake", last_worked_at: null });

    model.script("parley: a message from operator waits", [{ text: "I have seen it" }]);
    const began = performance.now();
    const sending = sandbox.ask(
      "message",
      session.session_id,
      "the build is red",
      "--wake",
      "--priority",
      "3",
    );
    const asked = await model.asked("parley: a message from operator waits", 1);
    const milliseconds = Math.round(performance.now() - began);
    console.log(`${vendor.name}: from message --wake to the model's request ${milliseconds} ms`);
    expect(text(asked)).toContain("the build is red");

    const sent = await sending;
    expect(sent.outlooks).toMatchObject([{ expect: "woken", wake: { outcome: "accepted" } }]);
    await until("the answer", () => screen.text().includes("I have seen it"));
    const { messages } = await sandbox.ask("message", "--sent", "--status");
    expect(messages[0]).toMatchObject({
      status: "delivered",
      wake: { outcome: "accepted", way: session.reachability.by },
    });
    const after = await until("an idle session again", async () => {
      const { sessions } = await sandbox.ask("status", "--no-log");
      return sessions[0].reachability.now === "wake" && sessions[0];
    });
    expect(after.reachability.last_worked_at).toBeString();
  });

  story("is left alone where its user lets nothing wake it", async () => {
    await using sandbox = new Sandbox([vendor]);
    await sandbox.setUp();
    await sandbox.parley("setup", vendor.name, "--wake", "never");
    const { model, session, screen } = await idle(sandbox);
    expect(session.reachability.now).toBe("prompt");
    const before = model.requests.length;
    const sent = await sandbox.ask(
      "message",
      session.session_id,
      "the build is red",
      "--priority",
      "3",
    );
    expect(sent.outlooks).toMatchObject([{ expect: "prompt", unwoken: "policy", wake: null }]);
    model.script("what is new", [{ text: "this and that" }]);
    await screen.submit("what is new");
    const asked = await model.asked("what is new", 1);
    expect(text(asked)).toContain("the build is red");
    expect(
      model.requests.slice(before).every((each) => !text(each).includes("parley: a message from")),
    ).toBe(true);
  });
});

test.skipIf(!isInstalled(claude))(
  "Claude Code holds what wakes it where the project's settings say so, and the sender is told",
  async () => {
    await using sandbox = new Sandbox([claude]);
    await sandbox.setUp();
    mkdirSync(sandbox.file(".claude"));
    sandbox.file(".claude/settings.json", '{ "crossSessionInbound": "hold" }\n');
    const { model, session, screen } = await idleIn(sandbox, claude);
    expect(session.reachability.now).toBe("prompt");
    const to = session.session_id;
    const sent = await sandbox.ask("message", to, "the build is red", "--priority", "3");
    expect(sent.outlooks).toMatchObject([{ expect: "prompt", wake: { outcome: "held" } }]);
    await until("what is held", () => screen.text().includes("Held"));
    expect(model.requests.map(text).join("\n")).not.toContain("parley: a message from");
  },
);
