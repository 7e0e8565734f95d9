import { type FSWatcher, statSync, watch } from "node:fs";

import { everyone, ringBell } from "./doorbell";
import type { Subscription } from "./native";

/** Names of the bells that were rung; null where it is not known which. */
export type Heard = (names: readonly string[] | null) => void;

/** What watches the bell directory, one for all listeners of a process: its inotify instances are never given back. */
export interface Watcher {
  /** `inotify`, or why nothing watches. */
  describe(): { backend: string } | { missing: string };
  /** Watches again where the directory is not the one that was watched. Never throws. */
  renew(): Promise<void>;
  /** Lets the process end. */
  close(): Promise<void>;
}

/** Never throws: without any source it is only described as missing. */
export async function openWatcher(directory: string, heard: Heard): Promise<Watcher> {
  let sources: Sources = { direct: null, native: "not started" };
  let watched: string | null = null;
  const start = async (): Promise<void> => {
    ringBell(directory, everyone);
    watched = identityOf(directory);
    sources = await openSources(directory, heard);
  };
  let pending = start();
  await pending;
  return {
    describe: () => {
      const { direct, native } = sources;
      if (typeof native !== "string") return { backend: native.backend };
      return direct ? { backend: `inotify without parcel: ${native}` } : { missing: native };
    },
    renew: () => {
      if (identityOf(directory) === watched) return pending;
      pending = pending.then(async () => {
        if (identityOf(directory) === watched) return;
        await closeSources(sources);
        await start();
      });
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

/** The first that rings wins. Bun's own comes first, since it never hangs for want of an inotify instance. */
async function openSources(directory: string, heard: Heard): Promise<Sources> {
  const direct = watchDirectly(directory, heard);
  try {
    const { subscribeDirectory } = await import("./native");
    return { direct, native: await subscribeDirectory(directory, heard) };
  } catch (error) {
    return { direct, native: error instanceof Error ? error.message : String(error) };
  }
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
function watchDirectly(directory: string, heard: Heard): FSWatcher | null {
  if (process.platform !== "linux") return null;
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) =>
      heard(name === null ? null : [name]),
    );
    // The floor notices what it no longer says.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** Tells a directory from a later one of the same path, which may well get the same inode. */
function identityOf(directory: string): string | null {
  try {
    const { dev, ino, birthtimeMs } = statSync(directory);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return null;
  }
}
