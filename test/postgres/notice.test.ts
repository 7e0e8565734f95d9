/** Messages in notices, who may hear them, and when the server is asked. */
import { SQL } from "bun";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { defaultSettings, type StoreOptions } from "../../src/bus/settings";
import type { Message } from "../../src/bus/message";
import { contentOf, NotifyBuffer, payloadFor } from "../../src/store/postgres/notify-payload";
import { openPostgresStore, type PostgresBus } from "../../src/store/postgres/store";
import { agent, draft, everything, texts } from "../bus/fixture";
import { type Cluster, missing, startCluster } from "./cluster";
import { livenessNow } from "./liveness";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const note = { ...draft("claude-1", ""), message_type: "published", channel: "state", ttl: null };

async function open(url: string, mode: StoreOptions["mode"] = "create"): Promise<PostgresBus> {
  const options = { mode, settings: defaultSettings, machineUuid: () => "m" };
  const bus = await openPostgresStore(url, options);
  cleanups.push(() => bus.store.close());
  return bus;
}

const publish = ({ store }: PostgresBus, message: string): Promise<Message> =>
  store.publishMessage({ ...note, payload: { message } }, livenessNow());

/** Calls back at every notice. */
async function listen({ notices }: PostgresBus, onNotice: () => void): Promise<void> {
  cleanups.push(await notices.listen(onNotice, () => {}));
}

const why = missing === null ? "" : `: ${missing}`;
describe.skipIf(missing !== null)(`Messages in notices${why}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(async () => cluster?.remove());

  test("what a notice brought is known without the server", async () => {
    const [sender, hearer] = [await open(cluster.url()), await open(cluster.url())];
    const since = await hearer.store.newestId();
    const heard = Promise.withResolvers<void>();
    await listen(hearer, heard.resolve);
    const published = await publish(sender, "hello \u0000 ' \\ 🜚");
    await heard.promise;
    await cluster.stop();
    cleanups.push(() => cluster.start());
    const query = { ...everything(9), since, following: true };
    expect(await hearer.store.messagesAfter(query, Date.now())).toEqual([published]);
  });

  test("whoever follows sees each message once and in order, also those that no notice holds", async () => {
    const bus = await open(cluster.url("owner", "followed"));
    const hearer = await open(cluster.url("owner", "followed"));
    await bus.store.registerSession(agent("claude", 1), livenessNow());
    await bus.store.registerSession(agent("codex", 2), livenessNow());
    let cursor = await hearer.store.newestId();
    const seen: unknown[] = [];
    const all = Promise.withResolvers<void>();
    let looking = Promise.resolve();
    const look = async (): Promise<void> => {
      const query = { ...everything(9), since: cursor, following: true };
      const found = await hearer.store.messagesAfter(query, Date.now());
      seen.push(...texts(found));
      cursor = found.at(-1)?.id ?? cursor;
      if (seen.at(-1) === "last") all.resolve();
    };
    await listen(hearer, () => (looking = looking.then(look)));
    const long = "x".repeat(20_000);
    const { store } = bus;
    const to = (ids: string[], message: string) =>
      store.sendMessages(
        { ...draft("claude-1", ""), recipients: { ids }, payload: { message } },
        livenessNow(),
      );
    await publish(bus, "first");
    await publish(bus, long);
    await publish(bus, "second");
    await to(["codex-2"], "mail");
    await to(["codex-2", "claude-1"], "to two");
    await publish(bus, "last");
    await all.promise;
    await looking;
    expect(seen).toEqual(["first", long, "second", "mail", "to two", "to two", "last"]);
  });

  test("who may only read learns no channel, and polls", async () => {
    await publish(await open(cluster.url("owner", "shown")), "hello");
    const sql = new SQL(cluster.url().split("?")[0] ?? "", { max: 1 });
    cleanups.push(() => sql.close({ timeout: 0 }));
    await sql
      .unsafe(
        `create role reader login; grant usage on schema shown to reader;
        grant select on all tables in schema shown to reader;
        grant select on all sequences in schema shown to reader`,
      )
      .simple();
    const reader = await open(cluster.url("reader", "shown"), "read");
    expect(texts(await reader.store.recentMessages(everything(9), Date.now()))).toEqual(["hello"]);
    expect(listen(reader, () => {})).rejects.toThrow("only those who may write");
    await sql.unsafe("set role reader");
    expect(await sql.unsafe("select * from shown.hearing")).toEqual([]);
    expect(await sql.unsafe("select pg_listening_channels()")).toEqual([]);
  });
});

describe("What was heard", () => {
  const message = (id: number): Message => ({
    ...{ id, sender_id: "a", channel: "state", payload: { id }, created_at: "2026", priority: 1 },
    ...{ ttl_seconds: 1, sender_session_uuid: null, recipient_id: null, message_type: "m" },
    ...{ status: "delivered", project_id: null, task_id: null, activity: null, reply_to: null },
    ...{ expires_at: "2999", delivered_at: null, read_at: null },
  });

  test("is complete wherever it answers, whatever was lost or told without content", () => {
    const event = fc.constantFrom("heard", "lost", "bare", "gap", "reconnected");
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.nat(40), (events, since) => {
        const buffer = new NotifyBuffer();
        const committed: number[] = [];
        let id = 0;
        for (const each of events) {
          if (each === "gap") id++;
          else if (each === "reconnected") buffer.clear();
          else {
            committed.push(++id);
            const content = contentOf(message(id)) ?? "";
            if (each === "heard") buffer.accept(`{"id":${id}${content}`);
            if (each === "bare") buffer.accept(payloadFor("everyone"));
          }
        }
        const known = buffer.after({ ...everything(99), since }, "2026")?.map((each) => each.id);
        if (known === undefined) return;
        const last = known.at(-1) ?? 0;
        expect(known).toEqual(committed.filter((each) => each > since && each <= last));
        expect(last).toBeGreaterThan(since);
      }),
    );
  });

  test("of a notice that nobody can read concerns everyone", () => {
    const buffer = new NotifyBuffer();
    expect(buffer.accept("*")).toBe("everyone");
    expect(buffer.accept('["codex-2",7]')).toEqual(["codex-2"]);
    expect(buffer.accept("{")).toBe("everyone");
    expect(buffer.accept('{"newer":true}')).toBe("everyone");
  });
});
