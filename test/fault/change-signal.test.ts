/** Tests waiting without watchers, signal files, temporary files or the database. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { binary, sandbox } from "../support";

const linux = process.platform === "linux";

/** Runs a command in a user namespace that a shell has prepared, so that limits there apply to no other process. */
const prepared = (preparation: string, command: string[]): string[] => [
  ...["unshare", "-Urm", "sh", "-c", `${preparation} && exec "$@"`, "sh"],
  ...command,
];
const canPrepare = (preparation: string): boolean =>
  linux && spawnSync("unshare", ["-Urm", "sh", "-c", preparation]).status === 0;

const noInstances = "echo 0 > /proc/sys/user/max_inotify_instances";
const oneInstance = "echo 1 > /proc/sys/user/max_inotify_instances";
const noWatches = "echo 0 > /proc/sys/user/max_inotify_watches";
const readOnly = (directory: string): string =>
  `mount --bind '${directory}' '${directory}' && mount -o remount,ro,bind '${directory}'`;

interface TestBus {
  home: string;
  db: string;
  signals: string;
  run(args: string[], options?: Options): Process;
  publish(text: string, options?: Options): Promise<void>;
}

interface Options {
  env?: Record<string, string>;
  wrap?: (command: string[]) => string[];
}

interface Process {
  /** Resolves when the text has appeared on stderr or stdout. */
  says(words: string): Promise<void>;
  output(): string;
  exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs a test with a bus that has one message, in a home of its own. */
async function withBus(story: (bus: TestBus) => Promise<void>): Promise<void> {
  await using s = sandbox();
  const running: Bun.Subprocess[] = [];
  const run: TestBus["run"] = (args, { env = {}, wrap = (command: string[]) => command } = {}) => {
    const child = Bun.spawn(wrap([binary, ...args]), {
      env: { HOME: s.home, PATH: "/usr/bin:/bin", ...env },
      stdout: "pipe",
      stderr: "pipe",
    });
    running.push(child);
    let output = "";
    let grown = Promise.withResolvers<void>();
    const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) {
        output += decoder.decode(chunk, { stream: true });
        grown.resolve();
        grown = Promise.withResolvers();
      }
    };
    const done = Promise.all([collect(child.stdout), collect(child.stderr)]).then(() => null);
    return {
      says: async (words) => {
        while (!output.includes(words)) {
          if ((await Promise.race([grown.promise, done])) !== null) continue;
          if (!output.includes(words)) throw new Error(`ended without ${words}:\n${output}`);
        }
      },
      output: () => output,
      exited: done.then(() => child.exited),
      kill: (signal) => child.kill(signal),
    };
  };
  const publish: TestBus["publish"] = async (text, options) => {
    const child = run(["publish", "build", text, "--as", "operator"], options);
    if ((await child.exited) !== 0) throw new Error(child.output());
  };
  try {
    await publish("before");
    await story({ home: s.home, db: s.db, signals: join(dirname(s.db), "bell"), run, publish });
  } finally {
    for (const child of running) child.kill("SIGKILL");
  }
}

const watch = ["watch", "build", "--verbose", "--json"];

/** Asserts that a watch with these options shows a message and ends by itself. */
async function arrives(options: Options, source: string | RegExp): Promise<void> {
  await withBus(async ({ run, publish }) => {
    const child = run([...watch, "--once"], options);
    await child.says("waking: ");
    await publish("hello");
    expect(await child.exited).toBe(0);
    expect(child.output()).toContain('"message":"hello"');
    expect(child.output()).toMatch(source);
  });
}

describe("A message arrives", () => {
  test.skipIf(!canPrepare(noInstances))("where no inotify instance is left", () =>
    arrives(
      { wrap: (command) => prepared(noInstances, command) },
      /waking: poll 250 ms \(no parcel: no inotify instance/,
    ),
  );

  test.skipIf(!canPrepare(oneInstance))("where only one inotify instance is left", () =>
    arrives(
      { wrap: (command) => prepared(oneInstance, command) },
      /waking: inotify \+ poll 250 ms \(no parcel: no inotify instance/,
    ),
  );

  test.skipIf(!canPrepare(noWatches))("where no inotify watch is left", () =>
    arrives({ wrap: (command) => prepared(noWatches, command) }, /waking: poll 250 ms \(/),
  );

  test("where there is no directory for temporary files", () =>
    arrives(
      { env: { TMPDIR: "/dev/null/none", BUN_TMPDIR: "/dev/null/none" } },
      linux ? /waking: inotify \+ poll 250 ms \(no parcel: / : /waking: /,
    ));

  test("where the watcher is not wanted", () =>
    arrives({ env: { PARLEY_WAKE: "poll" } }, /waking: poll 250 ms \(poll asked for\)/));

  test("where the directory of signal files cannot be made", () =>
    withBus(async ({ signals, run, publish }) => {
      rmSync(signals, { recursive: true });
      writeFileSync(signals, "another program's");
      const child = run([...watch, "--once"]);
      await child.says("waking: ");
      await publish("hello");
      await child.says('"message":"hello"');
      expect(await child.exited).toBe(0);
    }));

  test.skipIf(!canPrepare(readOnly(tmpdir())))("where its sender may not write signal files", () =>
    withBus(async ({ signals, run, publish }) => {
      const child = run([...watch, "--once"]);
      await child.says("waking: ");
      await publish("hello", { wrap: (command) => prepared(readOnly(signals), command) });
      await child.says('"message":"hello"');
      expect(await child.exited).toBe(0);
    }),
  );

  test("while the directory of signal files is deleted again and again", () =>
    withBus(async ({ signals, run, publish }) => {
      const child = run(watch);
      await child.says("waking: ");
      for (let n = 0; n < 5; n++) {
        rmSync(signals, { recursive: true, force: true });
        await publish(`message ${n}`);
        await child.says(`"message":"message ${n}"`);
      }
    }));
});

describe("A database that is", () => {
  const waiting = [watch, ["feed", "--follow"]];

  test.each(waiting)("deleted under %s is said, and what comes in its place is shown", (...args) =>
    withBus(async ({ db, run, publish }) => {
      const child = run(args);
      await settled(child, args, publish);
      for (const suffix of ["", "-wal", "-shm"]) rmSync(db + suffix, { force: true });
      await child.says("was deleted while it was watched");
      await publish("in the new one");
      await child.says("in the new one");
    }),
  );

  test("deleted for good does not keep a watch from ending", () =>
    withBus(async ({ db, run, publish }) => {
      const [timed, stopped] = [run([...watch, "--for", "2s"]), run(watch)];
      for (const child of [timed, stopped]) await settled(child, watch, publish);
      for (const suffix of ["", "-wal", "-shm"]) rmSync(db + suffix, { force: true });
      for (const child of [timed, stopped]) await child.says("was deleted while it was watched");
      stopped.kill("SIGTERM");
      expect(await Promise.all([timed.exited, stopped.exited])).toEqual([0, 0]);
    }));

  test("replaced under a watch is said, and the other is shown from its beginning", () =>
    withBus(async ({ home, db, run, publish }) => {
      const child = run(watch);
      await settled(child, watch, publish);
      const other = join(home, "other/messaging.db");
      mkdirSync(dirname(other));
      await publish("in the other", { env: { PARLEY_DB: other } });
      for (const suffix of ["-wal", "-shm"]) rmSync(db + suffix, { force: true });
      for (const suffix of ["-wal", "-shm", ""]) {
        if (await Bun.file(other + suffix).exists()) renameSync(other + suffix, db + suffix);
      }
      await child.says("while it was watched");
      await child.says("in the other");
      await publish("after it");
      await child.says("after it");
    }));

  test("deleted under a wait for mail ends it with exit code 4", () =>
    withBus(async ({ db, run }) => {
      const child = run(["inbox", "--wait", "60s", "--as", "operator"]);
      await Bun.sleep(300);
      for (const suffix of ["", "-wal", "-shm"]) rmSync(db + suffix, { force: true });
      expect(await child.exited).toBe(4);
      expect(child.output()).toMatch(/was deleted while it was watched|Database not found/);
    }));
});

/** Waits until the process listens, as far as that can be seen from outside. */
async function settled(child: Process, args: string[], publish: TestBus["publish"]): Promise<void> {
  if (args[0] === "watch") await child.says("waking: ");
  for (let n = 0; !child.output().includes(`settled ${n - 1}`); n++) {
    await publish(`settled ${n}`);
    await Bun.sleep(50);
  }
}

test("an unknown mode of PARLEY_WAKE is refused", () =>
  withBus(async ({ run }) => {
    const child = run(["watch", "--once"], { env: { PARLEY_WAKE: "telepathy" } });
    expect(await child.exited).toBe(64);
    expect(child.output()).toContain("use one of auto, native, poll");
  }));
