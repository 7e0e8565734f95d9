/** Servers that are away, slow, restarted, standbys, or refuse. */
import { SQL } from "bun";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { ParleyError } from "../../src/bus/errors";
import { defaultSettings, type StoreOptions } from "../../src/bus/settings";
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

async function open(url: string, mode: StoreOptions["mode"] = "create"): Promise<Store> {
  const options = { mode, settings: defaultSettings, machineUuid: () => "m" };
  const { store } = await openPostgresStore(url, options);
  cleanups.push(() => store.close());
  return store;
}

async function failure(work: Promise<unknown>): Promise<ParleyError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof ParleyError) return error;
  throw new Error(`no error of ours: ${String(error)}`, { cause: error });
}

const codeOf = async (work: Promise<unknown>): Promise<string> => (await failure(work)).code;

const why = missing === null ? "" : `: ${missing}`;
describe.skipIf(missing !== null)(`Failures of a PostgreSQL server${why}`, () => {
  let cluster: Cluster;
  const ask = async (text: string): Promise<void> => {
    const sql = new SQL(cluster.url().split("?")[0] ?? "", { max: 1 });
    await sql.unsafe(text).simple();
    await sql.close({ timeout: 0 });
  };
  /** Two sessions on a bus of its own. */
  const bus = async (schema: string): Promise<Store> => {
    const store = await open(cluster.url("owner", schema));
    await store.registerSession(agent("claude", 1), livenessNow());
    await store.registerSession(agent("codex", 2), livenessNow());
    return store;
  };
  const sent = async (store: Store): Promise<unknown[]> =>
    texts(
      (await store.recentMessages(everything(100), Date.now())).filter(
        (message) => message.recipient_id === "codex-2",
      ),
    );

  beforeAll(async () => {
    cluster = await startCluster();
    await ask("create role secret login password 'right'; create role stranger login");
    await cluster.admit(
      "host all secret 127.0.0.1/32 scram-sha-256",
      "hostssl all tls 127.0.0.1/32 trust",
      "host all tls 127.0.0.1/32 reject",
    );
  }, 120_000);
  afterAll(async () => cluster?.remove());

  test("a server that is not there is busy at once, and the password is in no text", async () => {
    const error = await failure(open("postgres://me:hidden@127.0.0.1:1/none"));
    expect(error.code).toBe("busy");
    expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain("hidden");
    expect(error.message).toContain("postgres://me@127.0.0.1:1/none");
  });

  test("a server that takes the connection and says nothing is busy after a few seconds", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    cleanups.push(() => silent.stop(true));
    expect(await codeOf(open(`postgres://me@127.0.0.1:${silent.port}/none`))).toBe("busy");
  });

  test("a wrong password is not permitted, in the binary with exit code 8 and without the password", async () => {
    const url = cluster.url("secret:hidden");
    expect(await codeOf(open(url))).toBe("not_permitted");
    await using box = sandbox();
    const run = await box.parley(["status", "--db", url]);
    expect(run).toMatchObject({ exitCode: 8, stdout: "" });
    expect(run.stderr).toContain("refuses the login");
    expect(run.stderr).not.toContain("hidden");
    const absent = await box.parley(["status", "--db", "postgres://me:hidden@127.0.0.1:1/none"]);
    expect(absent.exitCode).toBe(6);
    expect(absent.stderr).not.toContain("hidden");
  });

  test("a missing database is not found, and so is a bus that nobody has made", async () => {
    expect(await codeOf(open(cluster.url().replace("/postgres?", "/nothing?")))).toBe("not_found");
    expect(await codeOf(open(cluster.url("owner", "nobody"), "read"))).toBe("not_found");
  });

  test("TLS that the server demands, or that it does not speak, is not permitted", async () => {
    expect(await codeOf(open(cluster.url("owner", "parley", "&sslmode=require")))).toBe(
      "not_permitted",
    );
    expect(await codeOf(open(cluster.url("tls")))).toBe("not_permitted");
  });

  test("who lacks rights is told so, to make a bus, to read one and to write to one", async () => {
    expect(await codeOf(open(cluster.url("stranger", "strange")))).toBe("not_permitted");
    await bus("owned");
    expect(await codeOf(open(cluster.url("stranger", "owned"), "read"))).toBe("not_permitted");
    await ask(
      "grant usage on schema owned to stranger; grant select on all tables in schema owned to stranger; grant select on all sequences in schema owned to stranger",
    );
    expect(await codeOf(open(cluster.url("stranger", "owned"), "write"))).toBe("not_permitted");
    const reading = await open(cluster.url("stranger", "owned"), "read");
    expect(reading.readOnly).not.toBeNull();
    expect((await reading.overview(livenessNow())).sessions.length).toBe(2);
  });

  test("a schema that holds other tables is refused and left as it is", async () => {
    await ask("create schema other; create table other.file_locks(a integer)");
    expect(await codeOf(open(cluster.url("owner", "other")))).toBe("invalid");
    await ask("insert into other.file_locks values (1); drop schema other cascade");
  });

  test("a lock of the writers that is held too long makes them busy", async () => {
    const store = await bus("stuck");
    const holder = new SQL(cluster.url().split("?")[0] ?? "", { max: 1 });
    cleanups.push(() => holder.close({ timeout: 0 }));
    await holder
      .unsafe("begin; select pg_advisory_xact_lock(1347570777, hashtext('stuck'))")
      .simple();
    const sending = store.sendMessages(draft("claude-1", "codex-2"), livenessNow());
    expect(await codeOf(sending)).toBe("busy");
    await holder.unsafe("rollback").simple();
    expect(await sent(store)).toEqual([]);
  });

  const faults = [
    ["is lost on its way", "drop"],
    ["is done and not answered", "drop-answer"],
  ] as const;
  const ways = [
    // A statement of its own, with a key; and a transaction, whose fate the server is asked for.
    ["a message to one", "one", { recipients: { ids: ["codex-2"] } }, "unmistakable"],
    ["a message to two", "two", { recipients: { ids: ["codex-2", "kimi-3"] } }, "commit;"],
  ] as const;
  for (const [what, name, recipients, text] of ways) {
    for (const [happens, fault] of faults) {
      test(`${what} whose writing ${happens} is there once, and its sender has its id`, async () => {
        const schema = `lost_${name}_${fault.replace("-", "_")}`;
        const store = await bus(schema);
        const proxy = startProxy(cluster.port);
        cleanups.push(() => proxy.stop());
        const url = cluster.url("owner", schema).replace(`:${cluster.port}`, `:${proxy.port}`);
        const sender = await open(url);
        proxy.breakAt(text, fault);
        const { ids } = recipients.recipients;
        const [message] = await sender.sendMessages(
          draft("claude-1", "", {
            recipients: { ids: [...ids] },
            payload: { message: "unmistakable" },
          }),
          livenessNow(),
        );
        expect(proxy.hasBroken()).toBe(true);
        expect(await sent(store)).toEqual(["unmistakable"]);
        expect((await store.messages([message!.id])).length).toBe(1);
      });
    }
  }

  test("a command that meets a restart is done once the server is back", async () => {
    const store = await bus("restarted");
    await store.sendMessages(draft("claude-1", "codex-2"), livenessNow());
    await cluster.stop();
    const sending = store.sendMessages(
      draft("claude-1", "codex-2", { payload: { message: "through it" } }),
      livenessNow(),
    );
    await cluster.start();
    await sending;
    expect(await sent(store)).toEqual(["hello", "through it"]);
  });

  test("a standby is read, and writing to it is not permitted", async () => {
    const store = await bus("followed");
    await store.sendMessages(draft("claude-1", "codex-2"), livenessNow());
    const standby = await cluster.standby();
    const url = standby.url("owner", "followed");
    expect(await codeOf(open(url, "write"))).toBe("not_permitted");
    const reading = await open(url, "read");
    expect(reading.readOnly).not.toBeNull();
    expect(await sent(reading)).toEqual(["hello"]);
    const before = await reading.changeCount();
    await store.sendMessages(draft("claude-1", "codex-2"), livenessNow());
    while ((await reading.changeCount()) === before) await Bun.sleep(10);
    while ((await sent(reading)).length < 2) await Bun.sleep(10);
  }, 120_000);
});
