/** Encrypted connections, and certificates that are not to be trusted. */
import { SQL } from "bun";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { ParleyError } from "../../src/bus/errors";
import { defaultSettings } from "../../src/bus/settings";
import { openPostgresStore, type PostgresBus } from "../../src/store/postgres/store";
import { agent, draft, everything, texts } from "../bus/fixture";
import { sandbox } from "../support";
import { asServer, type Cluster, missing, ownDirectory, startCluster } from "./cluster";
import { livenessNow } from "./liveness";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function open(url: string): Promise<PostgresBus> {
  const options = { mode: "create", settings: defaultSettings, machineUuid: () => "m" } as const;
  const bus = await openPostgresStore(url, options);
  cleanups.push(() => bus.store.close());
  return bus;
}

/** A certificate that is its own authority, for one name. */
const certificate = (directory: string, name: string, subject: string): Promise<void> =>
  asServer(
    ...["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=parley"],
    ...["-addext", `subjectAltName=${subject}`],
    ...["-out", join(directory, `${name}.crt`), "-keyout", join(directory, `${name}.key`)],
  );

const why =
  missing === null ? (Bun.which("openssl") === null ? ": no openssl" : "") : `: ${missing}`;
describe.skipIf(why !== "")(`TLS to a PostgreSQL server${why}`, () => {
  let directory: string;
  let cluster: Cluster;
  const rules = ["hostssl all all 127.0.0.1/32 trust", "host all all 127.0.0.1/32 reject"];
  /** Puts a certificate in the place of the server's. */
  const show = async (name: string): Promise<void> => {
    for (const kind of ["crt", "key"]) {
      await asServer("cp", join(directory, `${name}.${kind}`), join(directory, `server.${kind}`));
    }
  };
  beforeAll(async () => {
    directory = ownDirectory();
    await certificate(directory, "here", "IP:127.0.0.1");
    await certificate(directory, "elsewhere", "DNS:db.example.org");
    const [own, key] = ["server.crt", "server.key"].map((name) => join(directory, name));
    await show("here");
    cluster = await startCluster("ssl=on", `ssl_cert_file=${own}`, `ssl_key_file=${key}`);
    await cluster.admit(...rules);
  }, 120_000);
  afterAll(async () => {
    await cluster?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const url = (mode: string, schema = "parley", root?: string): string => {
    const authority = root === undefined ? "" : `&sslrootcert=${join(directory, `${root}.crt`)}`;
    return cluster.url("owner", schema, `&sslmode=${mode}${authority}`);
  };

  for (const [mode, root] of [
    ["require"],
    ["verify-ca", "here"],
    ["verify-full", "here"],
  ] as const) {
    test(`sslmode=${mode} writes, reads and listens, all of it encrypted`, async () => {
      const schema = mode.replace("-", "_");
      const [sender, hearer] = [
        await open(url(mode, schema, root)),
        await open(url(mode, schema, root)),
      ];
      await sender.store.registerSession(agent("claude", 1), livenessNow());
      const heard = Promise.withResolvers<void>();
      cleanups.push(
        await hearer.notices.listen(
          () => heard.resolve(),
          () => {},
        ),
      );
      await sender.store.sendMessages(draft("claude-1", "codex-2"), livenessNow());
      await heard.promise;
      const query = { ...everything(9), channels: ["coordination"] };
      expect(texts(await hearer.store.recentMessages(query, Date.now()))).toEqual(["hello"]);
      const sql = new SQL((url("require").split("?")[0] ?? "") + "?sslmode=require", { max: 1 });
      cleanups.push(() => sql.close({ timeout: 0 }));
      const connections = await sql.unsafe(
        `select distinct s.ssl from pg_stat_activity a join pg_stat_ssl s using (pid)
          where a.application_name = 'parley'`,
      );
      expect([...connections]).toEqual([{ ssl: true }]);
    });
  }

  test("a certificate of another authority, or none that is known, is not permitted", async () => {
    for (const [mode, root] of [
      ["verify-full", "elsewhere"],
      ["verify-ca", "elsewhere"],
      ["verify-full"],
    ] as const) {
      const error = await open(url(mode, "parley", root)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ParleyError);
      expect((error as ParleyError).code).toBe("not_permitted");
      expect((error as ParleyError).hint).toContain("sslrootcert");
    }
  });

  test("a certificate for another host is not permitted with verify-full", async () => {
    await show("elsewhere");
    await cluster.admit(...rules);
    const refused = open(url("verify-full", "parley", "elsewhere"));
    expect(await refused.catch((error: ParleyError) => error.code)).toBe("not_permitted");
    await open(url("verify-ca", "parley", "elsewhere"));
    await show("here");
    await cluster.admit(...rules);
  });

  test("the binary works with verify-full, and says what is wrong without it", async () => {
    await using box = sandbox();
    const root = join(box.home, "root.crt");
    copyFileSync(join(directory, "here.crt"), root);
    const secure = cluster.url(
      "owner:hidden",
      "binary",
      `&sslmode=verify-full&sslrootcert=${root}`,
    );
    const run = await box.parley(["publish", "state", "hello", "--as", "operator", "--db", secure]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const plain = cluster.url("owner:hidden", "binary");
    const refused = await box.parley(["feed", "--db", plain]);
    expect(refused.exitCode).toBe(8);
    expect(refused.stderr).toContain("demands TLS");
    expect(refused.stderr).not.toContain("hidden");
  });
});
