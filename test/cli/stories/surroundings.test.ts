/** Stories of unusual environments: no HOME, read-only directories, umasks. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join as path } from "node:path";

import { Database } from "bun:sqlite";

import { sandbox } from "../../support";
import { startSession, texts } from "./agents";

/** Whether a mount namespace can be made. */
const canMount =
  process.platform === "linux" &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).exitCode === 0;

test("nothing in the directory where it runs configures it", async () => {
  await using s = sandbox();
  const script = 'require("node:fs").writeFileSync("sprung", "");';
  const files = {
    ".env":
      "PARLEY_DB=stolen.db\nPARLEY_SESSION=codex-1\nPARLEY_PROJECT=stolen\nNO_COLOR=\nFORCE_COLOR=1\n",
    ".env.local": "PARLEY_DB=stolen.db\n",
    ".env.production": "PARLEY_DB=stolen.db\n",
    "bunfig.toml": 'preload = ["./trap.js"]\n[define]\n"process.env.HOME" = "\'stolen\'"\n',
    "trap.js": script,
    "package.json":
      '{"name":"trap","type":"commonjs","imports":{"#x":"./trap.js"},"bun":{"preload":["./trap.js"]}}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"citty":["./trap.js"]}}}',
    "node_modules/citty/package.json": '{"name":"citty","main":"index.js"}',
    "node_modules/citty/index.js": script,
    "node_modules/consola/index.js": script,
    "node_modules/@parcel/watcher/index.js": script,
    "parley.json": "{}",
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(path(s.dir, name)), { recursive: true });
    writeFileSync(path(s.dir, name), text);
  }
  const before = readdirSync(s.dir, { recursive: true }).toSorted();
  const claude = await startSession(s, "claude");
  const { session, database } = (await claude.parley("register", "--json")).json().data;
  expect([database.path, session.project_id]).toEqual([s.db, null]);
  const run = await claude.parley("status", "--no-log");
  expect(run.stdout).toContain("(THIS SESSION)");
  expect(run.stdout).not.toContain("\x1b");
  expect((await claude.parley("status", "--frobnicate")).exitCode).toBe(64);
  expect(readdirSync(s.dir, { recursive: true }).toSorted()).toEqual(before);
});

test("directories are 0700 and files 0600 whatever the umask", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  for (const umask of ["000", "022", "077", "777"]) {
    const home = path(s.dir, umask);
    mkdirSync(home);
    const script = `umask ${umask}; parley register && parley message operator x && parley status && parley inbox`;
    const run = await claude.run(["sh", "-c", script], { env: { HOME: home } });
    expect([umask, run.exitCode, run.stderr]).toEqual([umask, 0, ""]);
    const entries = readdirSync(home, { recursive: true, encoding: "utf8" });
    expect(entries.map((entry) => entry.split("/").at(-1))).toContain("messaging.db");
    for (const entry of entries.filter((each) => each.includes("/parley"))) {
      const found = statSync(path(home, entry));
      const mode = (found.mode & 0o777).toString(8);
      expect([umask, entry, mode]).toEqual([umask, entry, found.isDirectory() ? "700" : "600"]);
    }
  }
});

test("without HOME the database is named, or found by the user's entry", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const bus = path(s.dir, "deep/er/bus.db");
  const env = { HOME: undefined, XDG_DATA_HOME: path(s.dir, "data") };
  const named = await claude.run(["parley", "register", "--json", "--db", bus], { env });
  expect(named.json().data.database.path).toBe(bus);
  expect(existsSync(bus)).toBe(true);
  const data = await claude.run(["parley", "register", "--json"], { env });
  expect(data.json().data.database.path).toBe(path(s.dir, "data/parley/messaging.db"));
  const variable = await claude.run(["parley", "register", "--json"], {
    env: { PARLEY_DB: "~/own.db" },
  });
  expect(variable.json().data.database.path).toBe(path(s.home, "own.db"));
});

test("a HOME that is no absolute path is refused, since every directory would have a bus of its own", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const run = await claude.run(["parley", "register", "--json"], { env: { HOME: "here" } });
  expect([run.exitCode, run.json().error.message]).toEqual([
    8,
    "The home directory here is no absolute path",
  ]);
  expect(readdirSync(s.dir)).toEqual([]);
});

test("a file that is no database of ours is refused and left as it is", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const text = path(s.dir, "notes.txt");
  writeFileSync(text, "dear diary\n".repeat(100));
  const foreign = path(s.dir, "places.sqlite");
  const database = new Database(foreign);
  database.run("create table places(url text)");
  database.close();
  const bytes = readFileSync(foreign);
  for (const verb of ["register", "status", "inbox"]) {
    for (const file of [text, foreign]) {
      const run = await claude.run(["parley", verb, "--json", "--db", file]);
      expect(run.exitCode).toBe(64);
      expect(run.json().error).toMatchObject({ code: "invalid", details: { database: file } });
    }
  }
  expect(readFileSync(text, "utf8")).toBe("dear diary\n".repeat(100));
  expect(readFileSync(foreign).equals(bytes)).toBe(true);
  expect(readdirSync(s.dir).toSorted()).toEqual(["notes.txt", "places.sqlite"]);
});

test("a database whose making was cut short is made by the next", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  mkdirSync(dirname(s.db), { recursive: true });
  // Killed in the middle of its first transaction, with pages already in the file: the journal is left behind.
  const killed = Bun.spawn([
    process.execPath,
    "-e",
    `const { Database } = require("bun:sqlite");
     const db = new Database(${JSON.stringify(s.db)});
     db.run("pragma cache_size = 1");
     db.run("begin immediate");
     db.run("create table padding(text)");
     for (let i = 0; i < 100; i++) db.run("insert into padding values (?)", ["x".repeat(5000)]);
     process.kill(process.pid, "SIGKILL");`,
  ]);
  await killed.exited;
  expect(existsSync(`${s.db}-journal`)).toBe(true);
  const run = await claude.run(["parley", "register", "--json"]);
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  expect((await claude.run(["parley", "status", "--stats"])).stdout).toContain(
    "Active sessions: 1\n",
  );
});

test.skipIf(!canMount)(
  "a home that may only be read can be looked at, and says that nothing was marked",
  async () => {
    await using s = sandbox();
    const claude = await startSession(s, "claude");
    await claude.parley("message", claude.id, "hello");
    const locked = async (line: string) =>
      claude.agent.run([
        ...["unshare", "-rm", "sh", "-c"],
        `mount --bind ${s.home} ${s.home} && mount -o remount,ro,bind ${s.home} && ${line}`,
      ]);
    const status = await locked("parley status --json");
    expect(status).toMatchObject({ exitCode: 0, stderr: "" });
    const { data, warnings } = status.json();
    expect(data).toMatchObject({
      this_session: claude.id,
      log: null,
      unread: [{ status: "pending" }],
    });
    expect(warnings.map(({ code }: { code: string }) => code).toSorted()).toEqual([
      "log_failed",
      "read_only",
    ]);
    expect(texts(await locked("parley inbox --json"))).toEqual(["hello"]);
    expect((await locked("parley message --sent")).stdout).toContain('"hello" pending');
    for (const verb of [
      "register",
      "heartbeat",
      "unregister",
      "message operator x",
      "read --all",
      "log x",
    ]) {
      const run = await locked(`parley ${verb} --json`);
      expect([verb, run.exitCode]).toEqual([verb, 8]);
      expect(run.json().error.code).toBe("not_permitted");
    }
    expect(texts(await claude.parley("inbox", "--mark-read", "--json"))).toEqual(["hello"]);
  },
);

test.skipIf(!canMount)("a place where nothing can be made says so", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const empty = async (line: string) =>
    claude.run(["unshare", "-rm", "sh", "-c", `mount -t tmpfs -o ro tmpfs ${s.home} && ${line}`]);
  const register = await empty("parley register");
  expect(register).toMatchObject({ exitCode: 8, stdout: "" });
  expect(register.stderr).toContain("Read-only file system: cannot make the directory");
  expect(register.stderr).toContain("hint: ");
  expect((await empty("parley status")).exitCode).toBe(4);
});

test.skipIf(!canMount)(
  "a full disk is told as such, and what was there is still there",
  async () => {
    await using s = sandbox();
    const claude = await s.startAgent("claude");
    const run = await claude.run([
      ...["unshare", "-rm", "sh", "-c"],
      `mount -t tmpfs -o size=2m tmpfs ${s.home}
     parley register >/dev/null && parley message operator kept >/dev/null
     dd if=/dev/zero of=${s.home}/filler bs=4k 2>/dev/null
     head -c 60000 /dev/zero | tr '\\0' x | parley message operator - --json; echo "exit $?"
     rm ${s.home}/filler
     parley inbox --as operator`,
    ]);
    expect(run.stdout).toContain('"code":"not_permitted"');
    expect(run.stdout).toContain("exit 8\n");
    expect(run.stdout).toContain("> kept\n");
  },
);
