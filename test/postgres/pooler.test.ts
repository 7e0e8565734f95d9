/** What works behind PgBouncer, where it is installed. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ParleyError } from "../../src/bus/errors";
import { defaultSettings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { openPostgresStore } from "../../src/store/postgres/store";
import { agent, draft } from "../bus/fixture";
import { sandbox } from "../support";
import { asServer, type Cluster, freePort, missing, ownDirectory, startCluster } from "./cluster";
import { livenessNow } from "./liveness";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const pooler = Bun.which("pgbouncer");
const why = missing === null ? (pooler === null ? ": no pgbouncer" : "") : `: ${missing}`;

describe.skipIf(why !== "")(`PgBouncer that pools by transactions${why}`, () => {
  let cluster: Cluster;
  let directory: string;
  let running: Promise<void>;
  const port = freePort();
  beforeAll(async () => {
    cluster = await startCluster();
    directory = ownDirectory();
    const settings = `[databases]
      postgres = host=127.0.0.1 port=${cluster.port} user=owner
      [pgbouncer]
      listen_addr = 127.0.0.1
      listen_port = ${port}
      unix_socket_dir =
      auth_type = any
      pool_mode = transaction
      default_pool_size = 2
      logfile = ${join(directory, "log")}
      pidfile = ${join(directory, "pid")}`;
    writeFileSync(join(directory, "settings"), settings.replaceAll(/^ +/gm, ""), { mode: 0o644 });
    // It does not end well when it is told to.
    running = asServer(pooler ?? "", "--quiet", join(directory, "settings")).catch(() => {});
    for (let reached = false; !reached;) {
      await Bun.sleep(10);
      reached = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).then(
        (socket) => {
          socket.end();
          return true;
        },
        () => false,
      );
    }
  }, 120_000);
  afterAll(async () => {
    process.kill(Number(readFileSync(join(directory, "pid"), "utf8")));
    await running;
    await cluster?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const url = (schema: string, more = ""): string =>
    cluster.url("owner", schema, more).replace(`:${cluster.port}`, `:${port}`);
  async function open(address: string): Promise<Store> {
    const options = { mode: "create", settings: defaultSettings, machineUuid: () => "m" } as const;
    const { store } = await openPostgresStore(address, options);
    cleanups.push(() => store.close());
    return store;
  }

  test("with prepare=false everything is done by as few connections as it has, and waiting by the floor", async () => {
    const address = url("pooled", "&prepare=false");
    const stores = await Promise.all(Array.from({ length: 8 }, () => open(address)));
    await Promise.all(
      stores.map((store, n) => store.registerSession(agent("claude", n + 1), livenessNow())),
    );
    await Promise.all(
      stores.map((store, n) =>
        store.sendMessages(draft(`claude-${n + 1}`, "codex-9"), livenessNow()),
      ),
    );
    const { messages } = await stores[0]!.openInbox(
      { mailbox: "codex-9", channel: null, limit: 99, peek: false },
      livenessNow(),
    );
    expect(messages.length).toBe(8);

    await using box = sandbox();
    const watching = box.parley([
      "watch",
      "state",
      "--once",
      "--json",
      "--as",
      "operator",
      "--db",
      address,
    ]);
    const said = ["publish", "state", "hello", "--as", "operator", "--db", address];
    // It may not watch yet.
    for (let seen = false; !seen;) {
      expect((await box.parley(said)).exitCode).toBe(0);
      seen = await Promise.race([watching.then(() => true), Bun.sleep(1).then(() => false)]);
    }
    expect((await watching).stdout).toContain('"message":"hello"');
  });

  test("with statements that it does not know of, whoever meets another's statement is told how to go on", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        try {
          const store = await open(url("mixed", "&prepare=true"));
          await store.registerSession(agent("claude", 1), livenessNow());
          return null;
        } catch (error) {
          return error;
        }
      }),
    );
    const errors = answers.filter((each) => each !== null);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(error).toBeInstanceOf(ParleyError);
      expect((error as ParleyError).hint).toContain("?prepare=false");
    }
  });
});
