/** Waking by notices, and after a restart. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { agents } from "../../src/agents/agents";
import { openServerBus } from "../../src/cli/open-postgres";
import { defaultSettings } from "../../src/bus/settings";
import { createIdentity } from "../../src/identity/identity";
import { agent, draft, everything, texts } from "../bus/fixture";
import { type Cluster, missing, startCluster } from "./cluster";
import { livenessNow } from "./liveness";

/** So long that only a notice can be what wakes. */
const never = 3_600_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const note = { ...draft("claude-1", ""), message_type: "published", channel: "state", ttl: null };

const why = missing === null ? "" : `: ${missing}`;
describe.skipIf(missing !== null)(`Waking by a PostgreSQL server${why}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(async () => cluster?.remove());

  /** What one process has of a bus. */
  async function connect(schema: string, pollMilliseconds = never, listening = true) {
    const bus = await openServerBus(cluster.url("owner", schema), {
      ...{ mode: "create", settings: defaultSettings, machineUuid: () => "m" },
      ...{ pollMilliseconds, listening, env: {}, dataDirectory: "/nowhere" },
      identity: createIdentity({ agents, env: {}, dataDirectory: "/nowhere", cwd: "/" }),
    });
    cleanups.push(async () => {
      await bus.changeSignal.close();
      await bus.store.close();
    });
    return bus;
  }
  type Bus = Awaited<ReturnType<typeof connect>>;

  async function publish({ store, changeSignal }: Bus, message: string): Promise<void> {
    await store.publishMessage({ ...note, payload: { message } }, livenessNow());
    changeSignal.notify("everyone");
  }

  test("comes with the message, for everybody, for one's own mail, and for those who see all mail", async () => {
    const [sender, hearer] = [await connect("woken"), await connect("woken")];
    for (const mail of [null, { to: "codex-2" }, "all"] as const) {
      let woken = Promise.withResolvers<void>();
      const listening = await hearer.changeSignal.listen(mail, () => woken.resolve());
      expect(listening.source).toBe(`listen + poll ${never} ms`);
      sender.changeSignal.notify("everyone");
      await woken.promise;
      if (mail !== null) {
        woken = Promise.withResolvers();
        sender.changeSignal.notify(["codex-2", "x".repeat(20)]);
        await woken.promise;
      }
      await listening.stop();
    }
  });

  test("does not come for another's mail", async () => {
    const [sender, hearer] = [await connect("quiet"), await connect("quiet")];
    const heard: string[] = [];
    const own = await hearer.changeSignal.listen({ to: "codex-2" }, () => heard.push("codex-2"));
    const last = Promise.withResolvers<void>();
    const other = await hearer.changeSignal.listen({ to: "kimi-3" }, () => last.resolve());
    sender.changeSignal.notify(["kimi-3"]);
    await last.promise;
    expect(heard).toEqual([]);
    await own.stop();
    await other.stop();
  });

  test("comes by the floor alone where nobody listens", async () => {
    const [sender, hearer] = [await connect("floor"), await connect("floor", 20, false)];
    await sender.store.registerSession(agent("claude", 1), livenessNow());
    const woken = Promise.withResolvers<void>();
    const listening = await hearer.changeSignal.listen(null, () => woken.resolve());
    expect(listening.source).toBe("poll 20 ms (poll asked for)");
    await publish(sender, "hello");
    await woken.promise;
    await listening.stop();
  });

  test("goes on after a restart of the server, and nothing published meanwhile is missed or repeated", async () => {
    const [sender, hearer] = [await connect("again"), await connect("again", 50)];
    await sender.store.registerSession(agent("claude", 1), livenessNow());
    let cursor = await hearer.store.newestId();
    const seen: unknown[] = [];
    let looking = Promise.resolve();
    const all = Promise.withResolvers<void>();
    const look = async (): Promise<void> => {
      const found = await hearer.store.messagesAfter(
        { ...everything(100), since: cursor },
        Date.now(),
      );
      seen.push(...texts(found));
      cursor = found.at(-1)?.id ?? cursor;
      if (seen.at(-1) === "last") all.resolve();
    };
    const listening = await hearer.changeSignal.listen("all", () => (looking = looking.then(look)));
    await publish(sender, "before");
    await cluster.stop();
    const meanwhile = publish(sender, "meanwhile");
    await cluster.start();
    await meanwhile;
    await publish(sender, "after");
    await publish(sender, "last");
    await all.promise;
    await listening.stop();
    await looking;
    expect(seen).toEqual(["before", "meanwhile", "after", "last"]);
  });

  test("comes by notices again once the connection was remade", async () => {
    const [sender, hearer] = [await connect("remade"), await connect("remade")];
    let woken = Promise.withResolvers<void>();
    const listening = await hearer.changeSignal.listen(null, () => woken.resolve());
    await cluster.stop();
    await cluster.start();
    // Nothing but notices wakes here, so one that is heard proves that the process listens again.
    for (let heard = false; !heard;) {
      sender.changeSignal.notify("everyone");
      heard = await Promise.race([woken.promise.then(() => true), Bun.sleep(50).then(() => false)]);
    }
    woken = Promise.withResolvers();
    sender.changeSignal.notify("everyone");
    await woken.promise;
    await listening.stop();
  });
});
