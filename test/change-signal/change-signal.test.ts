/** Which signals a listener gets, and polling without one. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createChangeSignal, type SignalMode } from "../../src/change-signal/change-signal";
import { openWatcher } from "../../src/change-signal/watcher";

/** So long that only a signal can notify the listener. */
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

/** A database file with a change counter that the test sets. */
function newBus(mode: SignalMode = "native", pollMilliseconds = never) {
  const root = newDirectory();
  const database = join(root, "messaging.db");
  writeFileSync(database, "");
  const counter = { value: 1, checks: 0 };
  const connect = () => {
    const signal = createChangeSignal({
      directory: join(root, "bell"),
      database,
      mode,
      pollMilliseconds,
      changeCount: async () => {
        counter.checks++;
        return counter.value;
      },
    });
    cleanups.push(() => signal.close());
    return signal;
  };
  return { database, directory: join(root, "bell"), counter, connect };
}

/** Waits for events that must not come. */
const quiet = (): Promise<void> => Bun.sleep(200);

describe.skipIf(process.platform !== "linux")("A listener", () => {
  test("for a session's mail gets the signals for that session and for everyone", async () => {
    for (const recipients of [["claude-1"], "everyone"] as const) {
      const { counter, connect } = newBus();
      const woken = Promise.withResolvers<void>();
      const listening = await connect().listen({ to: "claude-1" }, () => woken.resolve());
      counter.value++;
      connect().notify(recipients);
      await woken.promise;
      await listening.stop();
    }
  });

  test("does not even check at the signal for another session", async () => {
    const { counter, connect } = newBus("auto");
    const listening = await connect().listen({ to: "claude-1" }, () => {});
    await quiet();
    counter.checks = 0;
    counter.value++;
    connect().notify(["codex-2", "kimi-3"]);
    await quiet();
    expect(counter.checks).toBe(0);
    await listening.stop();
  });

  test("is notified of each of several changes, however close to each other", async () => {
    const { counter, connect } = newBus();
    let seen = 0;
    let grown = Promise.withResolvers<void>();
    const listening = await connect().listen(null, () => {
      seen = counter.value;
      grown.resolve();
    });
    const writer = connect();
    for (let n = 0; n < 20; n++) {
      writer.notify("everyone");
      // The event of the first signal must have been reported, so that the second has an event of its own.
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

  test("for all mail gets every signal", async () => {
    const { counter, connect } = newBus();
    const woken = Promise.withResolvers<void>();
    const listening = await connect().listen("all", () => woken.resolve());
    counter.value++;
    connect().notify(["codex-2"]);
    await woken.promise;
    await listening.stop();
  });

  test("costs no inotify instance beside that of the first", async () => {
    const { connect } = newBus();
    const signal = connect();
    await (await signal.listen(null, () => {})).stop();
    const before = inotifyInstances();
    for (let n = 0; n < 50; n++) await (await signal.listen(null, () => {})).stop();
    expect(inotifyInstances()).toBe(before);
    expect(before).toBeGreaterThan(0);
  });

  test("gets signals again once the deleted directory is watched anew", async () => {
    const { directory, connect } = newBus();
    let signalled = Promise.withResolvers<void>();
    const watcher = await openWatcher(directory, (names) => {
      if (names?.includes("claude-1")) signalled.resolve();
    });
    cleanups.push(() => watcher.close());
    connect().notify(["claude-1"]);
    await signalled.promise;
    rmSync(directory, { recursive: true });
    await watcher.renew();
    signalled = Promise.withResolvers();
    connect().notify(["claude-1"]);
    await signalled.promise;
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

describe("Polling", () => {
  test("notifies of a change without a signal", async () => {
    const { counter, connect } = newBus("poll", 5);
    const woken = Promise.withResolvers<void>();
    const listening = await connect().listen(null, () => woken.resolve());
    counter.value++;
    await woken.promise;
    await listening.stop();
  });

  test("reports that the database has been deleted", async () => {
    const { database, connect } = newBus("poll", 5);
    const reported = Promise.withResolvers<unknown>();
    const listening = await connect().listen(null, (lost) => reported.resolve(lost));
    rmSync(database);
    expect(await reported.promise).toMatchObject({
      code: "not_found",
      message: `The database ${database} was deleted while it was watched`,
    });
    await listening.stop();
  });
});
