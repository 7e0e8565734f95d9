/** Opening, refusing, waiting. */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { openSqliteStore } from "../../src/store/sqlite/database";

const directories: string[] = [];
const stores: Store[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const directory of directories.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), "parley-open-"));
  directories.push(directory);
  return join(directory, "messaging.db");
}

async function open(path: string, mode: "create" | "write" | "read" = "create"): Promise<Store> {
  const store = await openSqliteStore(path, { mode, settings: defaultSettings });
  stores.push(store);
  return store;
}

const digest = (path: string): string => Bun.hash(readFileSync(path)).toString(16);

describe("Opening the database", () => {
  test("a new one is in WAL mode, versioned, and shrinks on request", async () => {
    const path = place();
    const store = await open(path);
    expect(await store.facts()).toMatchObject({ path, journal_mode: "wal", schema_version: 3 });
    const db = new Database(path, { readonly: true });
    expect(db.query("pragma auto_vacuum").get()).toEqual({ auto_vacuum: 2 });
    db.close();
  });

  test.each([0o000, 0o022, 0o077, 0o277])("its files are private under umask %o", async (umask) => {
    const path = join(place(), "..", "made", "here", "messaging.db");
    const previous = process.umask(umask);
    try {
      await open(path);
    } finally {
      process.umask(previous);
    }
    const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);
    expect(mode(join(path, ".."))).toBe("700");
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(mode(file)).toBe("600");
  });

  test("a reading verb does not make a missing one", async () => {
    const path = place();
    await expect(open(path, "read")).rejects.toMatchObject({ code: "not_found" });
    await expect(open(path, "write")).rejects.toMatchObject({ code: "not_found" });
    expect(existsSync(path)).toBe(false);
  });

  test("an empty file is initialised", async () => {
    const path = place();
    writeFileSync(path, "");
    expect((await (await open(path)).facts()).schema_version).toBe(3);
  });

  test("another program's database is refused and left as it is, also with a write-ahead log left over", async () => {
    const path = place();
    // A process that is killed leaves its log behind.
    const script = `const { Database } = require("bun:sqlite");
      const db = new Database(${JSON.stringify(path)});
      db.run("pragma journal_mode = wal"); db.run("create table notes(a)"); db.run("insert into notes values (1)");
      process.kill(process.pid, "SIGKILL");`;
    Bun.spawnSync([process.execPath, "-e", script]);
    const before = [digest(path), digest(`${path}-wal`)];
    for (const mode of ["create", "write", "read"] as const) {
      await expect(open(path, mode)).rejects.toMatchObject({ code: "invalid" });
    }
    expect([digest(path), digest(`${path}-wal`)]).toEqual(before);
  });

  test("a file that is no database is refused and left as it is", async () => {
    const path = place();
    writeFileSync(path, "just some notes, nothing else ".repeat(200));
    const before = digest(path);
    await expect(open(path)).rejects.toMatchObject({ code: "invalid" });
    expect(digest(path)).toBe(before);
    expect(readdirSync(join(path, ".."))).toEqual(["messaging.db"]);
  });

  test("a directory in its place is refused", async () => {
    await expect(open(join(place(), ".."))).rejects.toMatchObject({ code: "invalid" });
  });

  test("a path that can have no directory is refused for what it is", async () => {
    const path = place();
    const file = join(path, "../notes");
    writeFileSync(file, "");
    for (const [each, reason] of [
      [join(file, "messaging.db"), "File already exists"],
      [join(file, "below/messaging.db"), "Not a directory"],
      [join(path, "../", "n".repeat(300), "messaging.db"), "Name too long"],
    ] as const) {
      await expect(open(each)).rejects.toMatchObject({
        code: "invalid",
        message: expect.stringContaining(`${reason}: cannot make the directory `),
      });
    }
  });

  test("a newer schema is refused, and says what to do", async () => {
    const path = place();
    await (await open(path)).close();
    stores.length = 0;
    const db = new Database(path);
    db.run("insert into _schema_version(version) values (99)");
    db.close();
    await expect(open(path)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining("schema 99"),
      hint: expect.stringContaining("newer parley"),
    });
  });

  test("the databases of other programs beside it are not opened", async () => {
    const path = place();
    const others = ["platform.db", "org.db", "sessions.db", "context.db"].map((name) =>
      join(path, "..", name),
    );
    for (const other of others) writeFileSync(other, "not ours");
    const before = others.map((other) => [digest(other), statSync(other).mtimeMs]);
    await open(path);
    expect(others.map((other) => [digest(other), statSync(other).mtimeMs])).toEqual(before);
    const held = readdirSync("/proc/self/fd").map((fd) => {
      try {
        return require("node:fs").readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "";
      }
    });
    expect(held.filter((file) => others.includes(file))).toEqual([]);
  });
});

describe("Waiting for a locked database", () => {
  test("a write succeeds after another process held the lock longer than one busy_timeout", async () => {
    const path = place();
    const store = await open(path);
    const holder = Bun.spawn(
      [
        process.execPath,
        "-e",
        `const { Database } = require("bun:sqlite");
          const db = new Database(${JSON.stringify(path)});
          db.run("begin immediate"); console.log("held");
          setTimeout(() => { db.run("commit"); }, 3600);`,
      ],
      { stdout: "pipe" },
    );
    await holder.stdout.getReader().read();
    const beaten = await store.heartbeat("nobody-1", {
      now: 0,
      judge: () => ({ status: "active", process_state: null, ended: null }),
      processState: () => "running",
    });
    expect(beaten).toBeNull();
    await holder.exited;
  });

  test("who gives up early says how long it waited", async () => {
    const path = place();
    await open(path);
    const holder = new Database(path);
    holder.run("begin immediate");
    const impatient = await openSqliteStore(path, {
      ...{ mode: "create", settings: defaultSettings },
      giveUpAt: performance.now() + 200,
    });
    stores.push(impatient);
    const error = await impatient
      .heartbeat("nobody-1", {
        now: 0,
        judge: () => ({ status: "active", process_state: null, ended: null }),
        processState: () => "running",
      })
      .catch((thrown: unknown) => thrown);
    holder.close();
    expect(error).toMatchObject({
      code: "busy",
      message: expect.stringMatching(/messaging\.db was busy for \d(\.\d)? s$/),
    });
  });
});
