/** Watches the signal files: by Bun's own watcher, and by parcel's where that fails. */
import { type FSWatcher, watch } from "node:fs";

import { type FileIdentity, fileIdentity } from "./file-identity";
import { makeSignalDirectory } from "./signal-files";
import type { Subscription } from "./parcel";

/** `names`: the touched signal files; null: unknown. `promptly`: the next event comes at once too, where parcel would delay it. */
export type OnSignals = (names: readonly string[] | null, promptly: boolean) => void;

/** Watches the directory of signal files for all listeners of a process: its inotify instances are never given back. */
export interface Watcher {
  /** `inotify`, null where nothing watches; and why parcel's watcher is missing, null where it is not. */
  describe(): { backend: string | null; missing: string | null };
  /** Watches anew where the directory is not the one that was watched. Never throws. */
  renew(): Promise<void>;
  /** Lets the process end. */
  close(): Promise<void>;
}

/** Never throws: `describe` tells that there is no source. */
export async function openWatcher(directory: string, onSignals: OnSignals): Promise<Watcher> {
  let sources: Sources = { direct: null, native: "not started" };
  let watched: FileIdentity | null = null;
  const start = async (): Promise<void> => {
    try {
      makeSignalDirectory(directory);
    } catch {
      // Watching it fails too then, with the reason.
    }
    watched = fileIdentity(directory);
    sources = await openSources(directory, onSignals);
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
  /** Parcel's watcher, or why there is none. */
  native: Subscription | string;
}

/**
 * Bun's own watcher comes first, since it never hangs where no inotify instance is left. As long as it works, parcel's is
 * only a reserve whose events are ignored: it reports the same changes again, 50 ms later.
 */
async function openSources(directory: string, onSignals: OnSignals): Promise<Sources> {
  const sources: Sources = { direct: null, native: "not started" };
  sources.direct = watchDirectly(
    directory,
    (names) => onSignals(names, true),
    () => (sources.direct = null),
  );
  try {
    const { subscribeDirectory } = await import("./parcel");
    sources.native = await subscribeDirectory(directory, (names) => {
      if (sources.direct === null) onSignals(names, false);
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

/** Bun's own watcher, which reports at once. Null elsewhere than on Linux, where it may open the watched files or is no faster. */
function watchDirectly(
  directory: string,
  onSignals: (names: readonly string[] | null) => void,
  failed: () => void,
): FSWatcher | null {
  if (process.platform !== "linux") return null;
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) =>
      onSignals(name === null ? null : [name]),
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
