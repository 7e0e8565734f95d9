/** Whose bell wakes whom, and the floor. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createChangeSignal, type SignalMode } from "../../src/change-signal/change-signal";
import { openWatcher } from "../../src/change-signal/watcher";

/** So long that only a bell can be what wakes. */
const never = 3_600_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "parley-wake-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A bus of which only the change counter is looked at. */
function place(mode: SignalMode = "native", pollMilliseconds = never) {
  const root = newDirectory();
  const database = join(root, "messaging.db");
  writeFileSync(database, "");
  const counter = { value: 1, checks: 0 };
  const connect = () => {
    const wake = createChangeSignal({
      directory: join(root, "bell"),
      database,
      mode,
      pollMilliseconds,
      changeCount: async () => {
        counter.checks++;
        return counter.value;
      },
    });
    cleanups.push(() => wake.close());
    return wake;
  };
  return { database, directory: join(root, "bell"), counter, connect };
}

/** Time for events that must not come. */
const quiet = (): Promise<void> => Bun.sleep(200);

describe.skipIf(process.platform !== "linux")("A listener", () => {
  test("for its own mail hears its own bell and everyone's", async () => {
    for (const audience of [["claude-1"], "everyone"] as const) {
      const { counter, connect } = place();
      const woken = Promise.withResolvers<void>();
      const listening = await connect().listen({ to: "claude-1" }, () => woken.resolve());
      counter.value++;
      connect().notify(audience);
      await woken.promise;
      await listening.stop();
    }
  });

  test("does not even check when another session's bell is rung", async () => {
    const { counter, connect } = place("auto");
    const listening = await connect().listen({ to: "claude-1" }, () => {});
    await quiet();
    counter.checks = 0;
    counter.value++;
    connect().notify(["codex-2", "kimi-3"]);
    await quiet();
    expect(counter.checks).toBe(0);
    await listening.stop();
  });

  test("hears each of several changes, however close to each other", async () => {
    const { counter, connect } = place();
    let seen = 0;
    let grown = Promise.withResolvers<void>();
    const listening = await connect().listen(null, () => {
      seen = counter.value;
      grown.resolve();
    });
    const writer = connect();
    for (let n = 0; n < 20; n++) {
      writer.notify("everyone");
      // The event of the first must have been told already: then the second is one of its own.
      await Bun.sleep(1);
      counter.value++;
      writer.notify("everyone");
      while (seen !== counter.value) {
        await grown.promise;
        grown = Promise.withResolvers();
      }
      await Bun.sleep(5);
    }
    await listening.stop();
  });

  test("for all mail hears every bell", async () => {
    const { counter, connect } = place();
    const woken = Promise.withResolvers<void>();
    const listening = await connect().listen("all", () => woken.resolve());
    counter.value++;
    connect().notify(["codex-2"]);
    await woken.promise;
    await listening.stop();
  });

  test("costs no inotify instance beside that of the first", async () => {
    const { connect } = place();
    const wake = connect();
    await (await wake.listen(null, () => {})).stop();
    const before = inotifyInstances();
    for (let n = 0; n < 50; n++) await (await wake.listen(null, () => {})).stop();
    expect(inotifyInstances()).toBe(before);
    expect(before).toBeGreaterThan(0);
  });

  test("hears bells again once the directory, which was deleted, is watched anew", async () => {
    const { directory, connect } = place();
    let heard = Promise.withResolvers<void>();
    const watcher = await openWatcher(directory, (names) => {
      if (names?.includes("claude-1")) heard.resolve();
    });
    cleanups.push(() => watcher.close());
    connect().notify(["claude-1"]);
    await heard.promise;
    rmSync(directory, { recursive: true });
    await watcher.renew();
    heard = Promise.withResolvers();
    connect().notify(["claude-1"]);
    await heard.promise;
  });
});

const inotifyInstances = (): number =>
  readdirSync("/proc/self/fd").filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).includes("inotify");
    } catch {
      return false;
    }
  }).length;

describe("The floor", () => {
  test("wakes for a change that rang no bell", async () => {
    const { counter, connect } = place("poll", 5);
    const woken = Promise.withResolvers<void>();
    const listening = await connect().listen(null, () => woken.resolve());
    counter.value++;
    await woken.promise;
    await listening.stop();
  });

  test("tells that the database is not there any more", async () => {
    const { database, connect } = place("poll", 5);
    const told = Promise.withResolvers<unknown>();
    const listening = await connect().listen(null, (lost) => told.resolve(lost));
    rmSync(database);
    expect(await told.promise).toMatchObject({
      code: "not_found",
      message: `The database ${database} was deleted while it was watched`,
    });
    await listening.stop();
  });
});
