/** Servers that stop answering in the middle of a command. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { ParleyError } from "../../src/bus/errors";
import { defaultSettings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { openPostgresStore } from "../../src/store/postgres/store";
import { agent, draft, everything, texts } from "../bus/fixture";
import { sandbox } from "../support";
import { type Cluster, missing, startCluster } from "./cluster";
import { livenessNow } from "./liveness";
import { startProxy } from "./proxy";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Milliseconds that a command here waits for an answer, instead of the usual ten seconds. */
const patience = 4000;

async function open(url: string, giveUpAt?: number): Promise<Store> {
  const options = { mode: "create", settings: defaultSettings, machineUuid: () => "m" } as const;
  const { store } = await openPostgresStore(url, {
    ...options,
    ...(giveUpAt === undefined ? {} : { giveUpAt }),
  });
  cleanups.push(() => store.close());
  return store;
}

const why = missing === null ? "" : `: ${missing}`;
describe.skipIf(missing !== null)(`A PostgreSQL server that stops answering${why}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(async () => cluster?.remove());

  /** A bus of two sessions, and the way to it that stalls. */
  async function place(schema: string) {
    const store = await open(cluster.url("owner", schema));
    await store.registerSession(agent("claude", 1), livenessNow());
    await store.registerSession(agent("codex", 2), livenessNow());
    const proxy = startProxy(cluster.port);
    cleanups.push(() => proxy.stop());
    const through = (user: string): string =>
      cluster.url(user, schema).replace(`:${cluster.port}`, `:${proxy.port}`);
    const stored = async (): Promise<unknown[]> =>
      texts(
        await store.recentMessages({ ...everything(99), channels: ["coordination"] }, Date.now()),
      );
    return { store, proxy, through, stored };
  }

  const faults = [
    ["the command does not arrive", "stall"],
    ["its answer does not arrive", "stall-answer"],
  ] as const;
  const ways = [
    ["a message to one", ["codex-2"], "unmistakable"],
    ["a message to two", ["codex-2", "kimi-3"], "unmistakable"],
    ["the commit of a message to two", ["codex-2", "kimi-3"], "commit;"],
  ] as const;
  for (const [what, ids, text] of ways) {
    for (const [happens, fault] of faults) {
      test(`${what}, where ${happens}: busy in bounded time, done or not, and others can write`, async () => {
        const schema = `stalled_${ids.length}_${text.length}_${fault.replace("-", "_")}`;
        const { store, proxy, through, stored } = await place(schema);
        const sender = await open(through("owner:hidden"), performance.now() + patience);
        proxy.breakAt(text, fault);
        const payload = { message: "unmistakable" };
        const recipients = { ids: [...ids] };
        const sending = sender.sendMessages(
          draft("claude-1", "", { recipients, payload }),
          livenessNow(),
        );
        const error = await sending.then(
          () => null,
          (reason: unknown) => reason,
        );
        expect(proxy.hasBroken()).toBe(true);
        expect(error).toBeInstanceOf(ParleyError);
        const { code, message, hint, details } = error as ParleyError;
        expect(code).toBe("busy");
        expect(message).toContain("No answer from");
        expect(hint).toContain("it may have been done");
        expect(JSON.stringify([message, hint, details])).not.toContain("hidden");
        // The server ends what the silent one has begun, so that the others go on.
        await store.sendMessages(draft("codex-2", "claude-1"), livenessNow());
        const there = await stored();
        const copies = there.filter((each) => each === "unmistakable").length;
        const commits = text === "commit;" || ids.length === 1;
        expect(copies).toBe(fault === "stall-answer" && commits ? ids.length : 0);
        for (const id of ids) {
          const { messages } = await store.openInbox(
            { mailbox: id, channel: null, limit: 9, peek: true },
            livenessNow(),
          );
          expect(messages.length).toBe(copies / ids.length);
        }
      }, 60_000);
    }
  }

  test("the binary exits with 6 and shows no password", async () => {
    const { proxy, through, stored } = await place("binary");
    await using box = sandbox();
    proxy.breakAt("unmistakable", "stall");
    const url = through("owner:hidden");
    const words = ["message", "codex-2", "unmistakable", "--as", "operator", "--db", url];
    const run = await box.parley(words);
    expect(run).toMatchObject({ exitCode: 6, stdout: "" });
    expect(run.stderr).toContain("No answer from postgres://owner@127.0.0.1");
    expect(run.stderr).not.toContain("hidden");
    expect(await stored()).toEqual([]);
  }, 60_000);
});
