/** The one watcher of a process: Bun's own and parcel's, whichever is first. */
import { type FSWatcher, watch } from "node:fs";

import { type FileIdentity, fileIdentity } from "./file-identity";
import { makeSignalDirectory } from "./signal-files";
import type { Subscription } from "./parcel";

/**
 * Names of the bells that were rung; null where it is not known which. Promptly: whatever is rung next is told as soon,
 * where parcel alone would keep it back for a while.
 */
export type Heard = (names: readonly string[] | null, promptly: boolean) => void;

/** What watches the bell directory, one for all listeners of a process: its inotify instances are never given back. */
export interface Watcher {
  /** `inotify`, null where nothing watches; and why parcel does not, null where it does. */
  describe(): { backend: string | null; missing: string | null };
  /** Watches again where the directory is not the one that was watched. Never throws. */
  renew(): Promise<void>;
  /** Lets the process end. */
  close(): Promise<void>;
}

/** Never throws: without any source it is only described as missing. */
export async function openWatcher(directory: string, heard: Heard): Promise<Watcher> {
  let sources: Sources = { direct: null, native: "not started" };
  let watched: FileIdentity | null = null;
  const start = async (): Promise<void> => {
    try {
      makeSignalDirectory(directory);
    } catch {
      // Then the watching fails too, and says why.
    }
    watched = fileIdentity(directory);
    sources = await openSources(directory, heard);
  };
  const renewedAfter = async (earlier: Promise<void>): Promise<void> => {
    await earlier;
    if (fileIdentity(directory) === watched) return;
    await closeSources(sources);
    await start();
  };
  let pending = start();
  await pending;
  return {
    describe: () => {
      const { direct, native } = sources;
      if (typeof native !== "string") return { backend: native.backend, missing: null };
      return { backend: direct && "inotify", missing: native };
    },
    renew: () => {
      if (fileIdentity(directory) === watched) return pending;
      pending = renewedAfter(pending);
      return pending;
    },
    close: async () => {
      await pending;
      await closeSources(sources);
    },
  };
}

interface Sources {
  direct: FSWatcher | null;
  /** Or why there is none. */
  native: Subscription | string;
}

/**
 * Bun's own comes first, since it never hangs for want of an inotify instance. As long as it works parcel's is only a
 * reserve, not listened to: it would tell of the same changes a second time, 50 ms later.
 */
async function openSources(directory: string, heard: Heard): Promise<Sources> {
  const sources: Sources = { direct: null, native: "not started" };
  sources.direct = watchDirectly(
    directory,
    (names) => heard(names, true),
    () => (sources.direct = null),
  );
  try {
    const { subscribeDirectory } = await import("./parcel");
    sources.native = await subscribeDirectory(directory, (names) => {
      if (sources.direct === null) heard(names, false);
    });
  } catch (error) {
    sources.native = error instanceof Error ? error.message : String(error);
  }
  return sources;
}

async function closeSources({ direct, native }: Sources): Promise<void> {
  direct?.close();
  // A directory that is gone has no watch to be removed.
  if (typeof native !== "string") await native.stop().catch(() => {});
}

/**
 * Bun's own watcher, which reports every change at once; null where there is none. On Linux only: elsewhere it may open
 * the files it watches, or is no faster.
 */
function watchDirectly(
  directory: string,
  heard: (names: readonly string[] | null) => void,
  failed: () => void,
): FSWatcher | null {
  if (process.platform !== "linux") return null;
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) =>
      heard(name === null ? null : [name]),
    );
    watcher.on("error", () => {
      watcher.close();
      failed();
    });
    return watcher;
  } catch {
    return null;
  }
}
