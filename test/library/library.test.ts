/** Every method of the library, two processes, and the documentation's example. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  discoverProject,
  getMessagingDbPath,
  getSessionMessageBus,
  type Message,
  type SessionMessageBus,
} from "../../src/library";

let dir: string;
let env: Record<string, string>;
let bus: SessionMessageBus;
const neighbours: { end(): Promise<void> }[] = [];

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "parley-library-")));
  env = { HOME: dir, PATH: "/usr/bin:/bin" };
  bus = getSessionMessageBus({ env, cwd: dir });
});
afterEach(async () => {
  await bus.close();
  for (const each of neighbours.splice(0)) await each.end();
  rmSync(dir, { recursive: true, force: true });
});

/** Starts another process with the library. */
function neighbour() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "neighbour.ts")], {
    cwd: dir,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const end = async (signal?: NodeJS.Signals): Promise<void> => {
    if (signal) child.kill(signal);
    else await child.stdin.end();
    await child.exited;
  };
  neighbours.push({ end });
  return {
    pid: child.pid,
    end,
    call: async (...words: unknown[]) => {
      await child.stdin.write(`${JSON.stringify(words)}\n`);
      await child.stdin.flush();
      let text = "";
      while (!text.endsWith("\n")) {
        const { value, done } = await output.read();
        if (done) throw new Error(`the neighbour ended: ${text}`);
        text += value;
      }
      // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on parts of it
      return JSON.parse(text).result as any;
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await condition()); turns++) {
    if (turns > 2000) throw new Error("it did not happen");
    await Bun.sleep(5);
  }
}

/** Names of the seeds, and those that they imply (R237), each with ours. */
const methods: Record<string, keyof SessionMessageBus> = {
  register_session: "registerSession",
  update_session_task: "updateSessionTask",
  start_heartbeat_thread: "startHeartbeat",
  list_sessions: "listSessions",
  get_cross_llm_status: "getCrossLlmStatus",
  stats: "stats",
  send: "send",
  publish: "publish",
  subscribe: "subscribe",
  poll: "poll",
  get_unread: "getUnread",
  mark_delivered: "markDelivered",
  mark_read: "markRead",
  get_operator_alerts: "getOperatorAlerts",
  lock_file: "lockFile",
  unlock_file: "unlockFile",
  get_file_locks: "getFileLocks",
  claim_task: "claimTask",
  release_task: "releaseTask",
  get_task_claims: "getTaskClaims",
  unregister: "unregister",
  list_sent: "getSent",
  purge_expired: "purgeExpired",
  clean_stale: "cleanStale",
  acknowledge: "acknowledge",
  close: "close",
};

describe("the library", () => {
  test("has every method that the seeds name, and no other", () => {
    const there: string[] = [];
    for (let each = Object.getPrototypeOf(bus); each !== Object.prototype;) {
      there.push(...Object.getOwnPropertyNames(each));
      each = Object.getPrototypeOf(each);
    }
    expect(there.filter((name) => name !== "constructor").toSorted()).toEqual(
      Object.values(methods).toSorted(),
    );
  });

  test("describes every method on its page", async () => {
    const page = await Bun.file(join(import.meta.dir, "../../docs/library.md")).text();
    const named = [...Object.values(methods), "discoverProject", "getMessagingDbPath"];
    expect(named.filter((name) => !page.includes(`\`${name}(`))).toEqual([]);
  });

  test("shares one bus a database, until it is closed", async () => {
    expect(getSessionMessageBus({ env, cwd: dir })).toBe(bus);
    expect(getSessionMessageBus({ env, db: getMessagingDbPath({ env }) })).toBe(bus);
    const other = getSessionMessageBus({ env, db: join(dir, "other.db") });
    expect(other).not.toBe(bus);
    await other.close();
    await expect(other.stats()).rejects.toMatchObject({ code: "invalid" });
    const next = getSessionMessageBus({ env, db: join(dir, "other.db") });
    expect(next).not.toBe(other);
    await next.close();
  });

  test("finds database and project without opening anything", async () => {
    expect(getMessagingDbPath({ env })).toBe(join(dir, ".local/share/parley/messaging.db"));
    expect(getMessagingDbPath({ env, db: "bus.db", cwd: dir })).toBe(join(dir, "bus.db"));
    const found = discoverProject(dir, { env: { ...env, PARLEY_PROJECT: "PILOT" } });
    expect(found).toMatchObject({ project_id: "PILOT", source: "PARLEY_PROJECT" });
    expect(await Bun.file(getMessagingDbPath({ env })).exists()).toBe(false);
  });

  test("registers this process, and acts for it from then on", async () => {
    await expect(bus.publish("state", "nobody")).rejects.toMatchObject({ code: "not_registered" });
    const { session } = await bus.registerSession({ llmVendor: "claude", llmModel: "opus-4.6" });
    expect(session).toMatchObject({ session_id: `claude-${process.pid}`, liveness: "pid" });
    await bus.updateSessionTask("H.13.7");
    const [listed] = await bus.listSessions();
    expect(listed).toMatchObject({ llm_vendor: "claude", pid: process.pid, task_id: "H.13.7" });
    expect(await bus.getCrossLlmStatus()).toHaveLength(1);
    expect(await bus.stats()).toMatchObject({ active_sessions: 1, pending: 0 });
    await bus.unregister("done");
    expect(await bus.listSessions()).toEqual([]);
  });

  test("sends heartbeats until stopped", async () => {
    const { session } = await bus.registerSession({ llmVendor: "claude" });
    const last = async (): Promise<string> => (await bus.listSessions())[0]!.heartbeat_at;
    const beats = bus.startHeartbeat(0.05);
    // A heartbeat within a second of the last one is not written.
    await Bun.sleep(1300);
    beats.stop();
    const stopped = await last();
    expect(stopped > session.heartbeat_at).toBe(true);
    await Bun.sleep(1300);
    expect(await last()).toBe(stopped);
    expect(() => bus.startHeartbeat(0)).toThrow("interval");
  });

  test("lets a process end that sends heartbeats", async () => {
    const program = `
      import { getSessionMessageBus } from ${JSON.stringify(join(import.meta.dir, "../../src/library"))};
      const bus = getSessionMessageBus();
      await bus.registerSession({ llmVendor: "claude" });
      bus.startHeartbeat(3600);`;
    const child = Bun.spawn([process.execPath, "-e", program], { env, timeout: 20_000 });
    expect(await child.exited).toBe(0);
  });

  test("refuses what the command line refuses", async () => {
    await bus.registerSession({ llmVendor: "claude" });
    const invalid = { code: "invalid" };
    await expect(bus.send("x", "nowhere", "hi")).rejects.toMatchObject(invalid);
    await expect(bus.send("x", "state", "hi", undefined, 4)).rejects.toMatchObject(invalid);
    await expect(bus.publish("operator_alert", "hi")).rejects.toMatchObject(invalid);
    await expect(bus.poll("state", -1)).rejects.toMatchObject(invalid);
    await expect(bus.poll("state", 0, 0)).rejects.toMatchObject(invalid);
    await expect(bus.claimTask("")).rejects.toMatchObject(invalid);
    await expect(bus.markDelivered(77)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("two processes", () => {
  test("send, see and acknowledge messages", async () => {
    const other = neighbour();
    await bus.registerSession({ sessionId: "author", llmVendor: "claude" });
    await other.call("registerSession", { sessionId: "reviewer", llmVendor: "codex" });
    const sent = await bus.send("reviewer", "coordination", { file: "paths.py" }, "author", 3);
    const id = sent.messages[0]!.id;
    expect(await other.call("getUnread", "reviewer", 10)).toMatchObject([
      { id, sender_id: "author", payload: { file: "paths.py" }, priority: 3, status: "pending" },
    ]);
    const state = async () => (await bus.getSent()).messages[0]!.status;
    expect(await state()).toBe("pending");
    expect(await other.call("markDelivered", id)).toBe(true);
    expect(await other.call("markDelivered", id)).toBe(false);
    expect(await state()).toBe("delivered");
    expect(await other.call("markRead", id)).toBe(true);
    expect(await state()).toBe("read");
    expect(await other.call("getUnread")).toEqual([]);
    await expect(bus.markRead(id)).rejects.toMatchObject({ code: "not_found" });
  });

  test("get each other's messages by subscription, and catch up by polling", async () => {
    const other = neighbour();
    await bus.registerSession({ sessionId: "author", llmVendor: "claude" });
    await other.call("registerSession", { sessionId: "reviewer", llmVendor: "codex" });
    const heard: Message[] = [];
    const unsubscribe = await bus.subscribe(["state", "coordination"], (m) => heard.push(m));
    await other.call("publish", "state", { step: 1 });
    await bus.publish("state", { step: 2 });
    await other.call("publish", "build", "not for us");
    await other.call("send", "author", "coordination", "ready?");
    await until(() => heard.length === 3);
    expect(heard.map(({ payload }) => payload)).toEqual([
      { step: 1 },
      { step: 2 },
      { message: "ready?", from: "reviewer" },
    ]);
    const state = async (): Promise<string> => (await other.call("getSent")).messages[0].status;
    await until(async () => (await state()) === "delivered");
    unsubscribe();
    await other.call("publish", "state", { step: 3 });
    await Bun.sleep(300);
    expect(heard).toHaveLength(3);
    const first = await bus.poll("state", 0, 1);
    expect(first.map(({ payload }) => payload)).toEqual([{ step: 1 }]);
    const rest = await bus.poll("state", first[0]!.id);
    expect(rest.map(({ payload }) => payload)).toEqual([{ step: 2 }, { step: 3 }]);
  });

  test("report a handler's error, and keep its message pending", async () => {
    const other = neighbour();
    await bus.registerSession({ sessionId: "author", llmVendor: "claude" });
    await other.call("registerSession", { sessionId: "reviewer", llmVendor: "codex" });
    const errors: unknown[] = [];
    const refuse = (): never => {
      throw new Error("no");
    };
    await bus.subscribe("coordination", refuse, { onError: (error) => errors.push(error) });
    await other.call("send", "author", "coordination", "hi");
    await until(() => errors.length === 1);
    expect(await bus.getUnread()).toMatchObject([{ status: "pending" }]);
  });

  test("hold a task and a file one at a time, and free them by dying", async () => {
    const other = neighbour();
    await bus.registerSession({ sessionId: "author", llmVendor: "claude" });
    await other.call("registerSession", { sessionId: "reviewer", llmVendor: "codex" });
    expect(await other.call("claimTask", "H.13.7")).toBe(true);
    expect(await bus.claimTask("H.13.7", "author")).toBe(false);
    expect(await bus.releaseTask("H.13.7")).toBe(false);
    expect(await other.call("lockFile", "paths.py")).toBe(true);
    expect(await other.call("lockFile", "paths.py")).toBe(true);
    expect(await bus.lockFile("paths.py", { wait: 50 })).toBe(false);
    expect(await bus.unlockFile("paths.py")).toBe(false);
    expect(await bus.getFileLocks()).toMatchObject([
      { file_path: join(dir, "paths.py"), session_id: "reviewer", lock_type: "advisory" },
    ]);
    expect(await bus.getTaskClaims()).toMatchObject([
      { task_id: "H.13.7", session_id: "reviewer" },
    ]);

    const alerts = await bus.getOperatorAlerts();
    const refused = alerts.find((alert) => alert.message_type === "file_conflict")!;
    expect(refused.payload.sessions).toContain("author");
    expect(await bus.markDelivered(refused.id, "operator")).toBe(true);
    const settled = await bus.acknowledge([refused.id]);
    expect(settled.map(({ id }) => id)).toEqual([refused.id]);
    const ids = (some: { id: number }[]) => some.map(({ id }) => id);
    expect(ids(await bus.getOperatorAlerts())).not.toContain(refused.id);
    expect(ids(await bus.getOperatorAlerts(false, 50))).toContain(refused.id);

    await other.end("SIGKILL");
    expect(await bus.cleanStale()).toEqual({ sessions: ["reviewer"], locks: 1, claims: 1 });
    expect(await bus.listSessions(false)).toMatchObject([
      { session_id: "author", status: "active" },
      { session_id: "reviewer", status: "terminated" },
    ]);
    expect(await bus.claimTask("H.13.7")).toBe(true);
    expect(await bus.lockFile("paths.py", { exclusive: true, ttl: 60_000 })).toBe(true);
    expect(await bus.releaseTask("H.13.7")).toBe(true);
    expect(await bus.unlockFile("paths.py")).toBe(true);
    expect(await bus.purgeExpired()).toMatchObject({ removed: { locks: 0, claims: 0 } });
  });
});

describe("a subscription", () => {
  test("ends by its own handler, even where that closes the bus", async () => {
    await bus.registerSession({ llmVendor: "claude" });
    const closed = Promise.withResolvers<void>();
    await bus.subscribe([], async () => {
      await bus.close();
      closed.resolve();
    });
    await bus.publish("state", "stop");
    await closed.promise;
  });
});

describe("docs/examples/two-sessions.ts", () => {
  const example = join(import.meta.dir, "../../docs/examples/two-sessions.ts");

  test("runs as the page says", async () => {
    const child = Bun.spawn([process.execPath, example], { env, stderr: "pipe" });
    const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect({ output, errors, exit: await child.exited }).toEqual({
      output: "reviewer: author is at H.13.7\nreviewer: I review it when you are done.\n",
      errors: "",
      exit: 0,
    });
  });

  test("is on the page as it is", async () => {
    const page = await Bun.file(join(import.meta.dir, "../../docs/library.md")).text();
    expect(page).toContain(`\`\`\`ts\n${await Bun.file(example).text()}\`\`\`\n`);
  });
});
