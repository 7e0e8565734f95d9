/** Stories of publishing, watching and waiting. */
import { expect, test } from "bun:test";

import { binary, type Sandbox, sandbox } from "../../support";
import { startSession, sent, texts } from "./agents";

interface Line {
  type: string;
  message: { id: number; channel: string; payload: { message?: string; status?: string } };
}

/** A stream of parley in the background; its lines as they come. */
function stream(env: Sandbox["env"], args: string[]) {
  const child = Bun.spawn([binary, ...args, "--json"], {
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    child,
    /** The next line; null where the stream has ended. */
    async next(): Promise<Line | null> {
      while (!rest.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) return null;
        rest += value;
      }
      const end = rest.indexOf("\n");
      const line = JSON.parse(rest.slice(0, end));
      rest = rest.slice(end + 1);
      return line;
    },
  };
}

const textOf = (line: Line | null): unknown =>
  line?.message.payload.message ?? line?.message.payload;

test("what is published is polled by its cursor, each message once", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex");
  await claude.parley("publish", "state", '{"status":"working"}');
  await claude.parley("publish", "state", "in words");
  const first = (await codex.parley("poll", "state", "--limit", "1", "--json")).json().data;
  expect(first.messages[0].payload).toEqual({ status: "working" });
  const rest = (await codex.parley("poll", "state", "--since", `${first.cursor}`, "--json")).json()
    .data;
  expect(rest.messages.map((each: { payload: unknown }) => each.payload)).toEqual([
    { message: "in words" },
  ]);
  const none = (await codex.parley("poll", "state", "--since", `${rest.cursor}`, "--json")).json()
    .data;
  expect(none).toEqual({ messages: [], cursor: rest.cursor });
  expect((await codex.parley("poll", "state", "--recent", "--limit", "1")).stdout).toContain(
    "> in words",
  );
});

test("only parley writes alerts, lifecycle and locks, and a channel has a name", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  for (const channel of ["operator_alert", "session_lifecycle", "file_lock", "two words", "-x"]) {
    const run = await claude.parley("publish", "--json", "--", channel, "x");
    expect(run.exitCode).toBe(64);
    expect(run.json().error.code).toBe("invalid");
  }
  expect((await claude.parley("publish", "state", "  ")).exitCode).toBe(64);
});

test("a watch shows what is published and the mail to its session, which is delivered by it", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex");
  const watch = stream(s.env, ["watch", "--session", codex.id, "--since", "0"]);
  expect((await watch.next())?.message.channel).toBe("session_lifecycle");
  await claude.parley("publish", "state", "to all");
  await claude.parley("message", codex.id, "to codex");
  await claude.parley("message", "kimi-1", "to another");
  await claude.parley("publish", "state", "last");
  const lines: unknown[] = [];
  for (let line = await watch.next(); ; line = await watch.next()) {
    lines.push(textOf(line));
    if (textOf(line) === "last" || line === null) break;
  }
  expect(lines).toContain("to all");
  expect(lines).toContain("to codex");
  expect(lines).not.toContain("to another");
  // Stopping waits for the marking of the last line.
  watch.child.kill("SIGTERM");
  expect(await watch.child.exited).toBe(0);
  expect(await sent(claude)).toEqual(["to codex: delivered", "to another: pending"]);
});

test("a watch goes on from its cursor: nothing is missed and nothing comes twice", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  await claude.parley("publish", "build", "0");
  const seen: unknown[] = [];
  let cursor = "0";
  for (let n = 1; n <= 6; n++) {
    const watch = stream(s.env, ["watch", "build", "--since", cursor]);
    const line = await watch.next();
    // Killed after one message, while the next are being published.
    watch.child.kill("SIGKILL");
    await claude.parley("publish", "build", `${n}`);
    await watch.child.exited;
    seen.push(textOf(line));
    cursor = `${line?.message.id}`;
  }
  expect(seen).toEqual(["0", "1", "2", "3", "4", "5"]);
});

test("a watch ends after its time, after one message, or when its reader leaves", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const timed = await claude.parley("watch", "build", "--for", "50ms");
  expect(timed).toMatchObject({ exitCode: 0, stdout: "" });
  const once = stream(s.env, ["watch", "build", "--once", "--since", "0"]);
  await claude.parley("publish", "build", "one");
  await claude.parley("publish", "build", "two");
  expect(textOf(await once.next())).toBe("one");
  expect(await once.next()).toBeNull();
  expect(await once.child.exited).toBe(0);
  // A watch notices that its reader is gone when it writes.
  const left = claude.shell("parley watch build --since 0 | head -c 1; echo");
  const publish = () => s.parley(["publish", "build", "more", "--session", claude.id]);
  for (let next = "published"; next === "published";) {
    next = await Promise.race([left.then(() => "left"), publish().then(() => "published")]);
  }
  expect((await left).exitCode).toBe(0);
});

test("a feed shows the messages of all sessions in one order, and follows", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  await claude.parley("message", "codex-1", "directed");
  await claude.parley("publish", "state", "published");
  const { messages, cursor } = (await claude.parley("feed", "--json")).json().data;
  expect(messages.map((each: { channel: string }) => each.channel)).toEqual([
    "session_lifecycle",
    "coordination",
    "state",
  ]);
  const follow = stream(s.env, ["feed", "--follow", "--since", `${cursor}`]);
  await claude.parley("message", "codex-1", "later");
  expect(textOf(await follow.next())).toBe("later");
  follow.child.kill("SIGINT");
  expect(await follow.child.exited).toBe(0);
});

test("an inbox waits for the next message, and times out when none comes", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex");
  const waiting = codex.parley("inbox", "--wait", "60s", "--channel", "coordination", "--json");
  await claude.parley("message", codex.id, "hello");
  expect(texts(await waiting)).toEqual(["hello"]);
  const vain = await codex.parley("inbox", "--wait", "50ms", "--channel", "coordination", "--json");
  expect(vain.exitCode).toBe(5);
  expect(vain.json().error.code).toBe("timeout");
});

test("a sender waits until its message is delivered, read or answered", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex");
  const send = (text: string, state: string) =>
    claude.parley("message", codex.id, text, "--wait", state, "--json");
  const id = async (): Promise<string> => {
    const page = await codex.parley(
      "inbox",
      "--wait",
      "60s",
      "--channel",
      "coordination",
      "--json",
    );
    return `${page.json().data.messages[0].id}`;
  };
  const delivered = send("one", "delivered");
  await id();
  expect((await delivered).json().data.messages[0].status).toBe("delivered");

  const read = send("two", "read");
  await codex.parley("read", await id());
  expect((await read).json().data.messages[0].status).toBe("read");

  const answered = send("three", "reply");
  await codex.parley("message", claude.id, "yes", "--reply-to", await id());
  const { data } = (await answered).json();
  expect(
    data.replies.map((each: { payload: { message: string } }) => each.payload.message),
  ).toEqual(["yes"]);
  expect(await sent(codex)).toEqual(["yes: delivered"]);
});

test("a sender whose wait timed out learns the state of its message", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex");
  const run = await claude.parley(
    "message",
    codex.id,
    "x",
    "--wait",
    "read",
    "--timeout",
    "50ms",
    "--json",
  );
  expect(run.exitCode).toBe(5);
  expect(run.json().error).toMatchObject({
    code: "timeout",
    details: { messages: [{ status: "pending", reply: null }] },
  });
  expect(await sent(claude)).toEqual(["x: pending"]);
});

test("without a native watcher everything still arrives", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const child = Bun.spawn(
    [binary, "watch", "build", "--once", "--since", "0", "--verbose", "--json"],
    {
      env: { ...s.env, PARLEY_WAKE: "poll", PARLEY_POLL_MS: "20" },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  await claude.parley("publish", "build", "hello");
  expect(await new Response(child.stdout).text()).toContain("hello");
  expect(await new Response(child.stderr).text()).toContain("poll 20 ms");
  expect(await child.exited).toBe(0);
});
