/** The order of messages under many writers. */
import { SQL } from "bun";
import { afterEach, describe, expect, test } from "bun:test";

import { defaultSettings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { openPostgresStore } from "../../src/store/postgres/store";
import { agent, draft, everything, texts } from "../bus/fixture";
import { livenessNow } from "./liveness";
import { freshSchema, server } from "../server";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const note = { ...draft("claude-1", ""), message_type: "published", channel: "state", ttl: null };
const publish = (store: Store, message: string): Promise<unknown> =>
  store.publishMessage({ ...note, payload: { message } }, livenessNow());

async function bus(): Promise<{ url: string; schema: string; open(): Promise<Store> }> {
  const { url, schema, drop } = freshSchema();
  cleanups.push(drop);
  const open = async (): Promise<Store> => {
    const options = { mode: "create", settings: defaultSettings, machineUuid: () => "m" } as const;
    const { store } = await openPostgresStore(url, options);
    cleanups.push(() => store.close());
    return store;
  };
  return { url, schema, open };
}

const without = server === null;
describe.skipIf(without)(
  `The order of messages on PostgreSQL${without ? ": no server" : ""}`,
  () => {
    test("a cursor skips no message of a transaction that stays open while others want to commit", async () => {
      const { url, schema, open } = await bus();
      const [store, reader] = [await open(), await open()];
      await store.registerSession(agent("claude", 1), livenessNow());
      const start = await reader.newestId();

      const held = new URL(url);
      held.searchParams.delete("schema");
      const slow = new SQL(held.href, { max: 1 });
      cleanups.push(() => slow.close({ timeout: 0 }));
      await slow
        .unsafe(`begin; select pg_advisory_xact_lock(1347570777, hashtext('${schema}'))`)
        .simple();
      const [row] = await slow.unsafe(
        `insert into ${schema}.session_messages(sender_id, channel, payload, created_at, message_type, expires_at)
        values ('codex-2', 'state', '{"message":"slow"}', '2026-01-01', 'published', '2999-01-01') returning id`,
      );
      const others = await Promise.all(Array.from({ length: 4 }, open));
      const publishing = Promise.all(others.map((each, n) => publish(each, `quick ${n}`)));

      // What a reader sees meanwhile must not lie behind what is still to come.
      let cursor = start;
      const seen: unknown[] = [];
      const look = async (): Promise<void> => {
        const found = await reader.messagesAfter({ ...everything(100), since: cursor }, Date.now());
        seen.push(...texts(found));
        cursor = found.at(-1)?.id ?? cursor;
      };
      for (let looks = 0; looks < 20; looks++) await look();
      expect(await reader.newestId()).toBeLessThan(Number(row.id));
      await slow.unsafe("commit");
      await publishing;
      await look();
      expect(seen.toSorted()).toEqual(["quick 0", "quick 1", "quick 2", "quick 3", "slow"]);
      expect(seen[0]).toBe("slow");
    });

    test("of many publishers at once, every reader sees every message once, in the order of the ids", async () => {
      const { open } = await bus();
      const stores = await Promise.all(Array.from({ length: 6 }, open));
      await stores[0]!.registerSession(agent("claude", 1), livenessNow());
      const reader = await open();
      let cursor = await reader.newestId();
      let done = false;
      const seen: unknown[] = [];
      const reading = (async () => {
        for (let last = false; !last;) {
          last = done;
          const found = await reader.messagesAfter(
            { ...everything(1000), since: cursor },
            Date.now(),
          );
          seen.push(...texts(found));
          cursor = found.at(-1)?.id ?? cursor;
        }
      })();
      await Promise.all(
        stores.map(async (store, who) => {
          for (let n = 0; n < 40; n++) await publish(store, `${who} ${n}`);
        }),
      );
      done = true;
      await reading;
      expect(seen.length).toBe(240);
      expect(new Set(seen).size).toBe(240);
      for (let who = 0; who < 6; who++) {
        const own = seen.filter((text) => String(text).startsWith(`${who} `));
        expect(own).toEqual(Array.from({ length: 40 }, (_, n) => `${who} ${n}`));
      }
    });
  },
);
