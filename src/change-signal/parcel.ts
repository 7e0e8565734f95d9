/** Parcel's watcher of a directory, loaded only where it can work. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

export interface Subscription {
  /** What delivers the events: `inotify`, `kqueue`, `fs-events` or `windows`. */
  backend: string;
  stop(): Promise<void>;
}

const backends = {
  linux: ["inotify"],
  darwin: ["kqueue", "fs-events"],
  win32: ["windows"],
} as const;

/**
 * Calls `onChange` after files of the directory changed, with their names, or with null where they are unknown. The binding
 * collects events for 50 to 500 ms while there are many. Throws where this machine cannot watch the directory:
 * no inotify instance left, no temporary directory to load the binding from, no binding for the platform.
 */
export async function subscribeDirectory(
  directory: string,
  onChange: (names: readonly string[] | null) => void,
): Promise<Subscription> {
  const candidates = backends[process.platform as keyof typeof backends] ?? [];
  if (process.platform === "linux") await probeInotify();
  const [{ createWrapper }, { default: binding }] = await Promise.all([
    import("@parcel/watcher/wrapper"),
    import("./parcel-binding"),
  ]);
  const watcher = createWrapper(binding);
  let failure: unknown = new Error(`no native watcher for ${process.platform}`);
  for (const backend of candidates) {
    try {
      // An error counts as an event: the listener finds out itself what changed.
      const subscription = await watcher.subscribe(
        directory,
        (_, events) => onChange(events?.map(({ path }) => basename(path)) ?? null),
        { backend },
      );
      return { backend, stop: () => subscription.unsubscribe() };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/**
 * Throws where no inotify instance is left, or too few file descriptors. The binding would then block its thread for ever
 * instead of failing (seen in 2.6.0). Bun's own watcher cannot be the probe: it keeps its instance when closed, and that
 * may be the last one.
 */
async function probeInotify(): Promise<void> {
  const { dlopen } = await import("bun:ffi");
  const { symbols, close } = dlopen(libc(), {
    inotify_init1: { args: ["int"], returns: "int" },
    dup: { args: ["int"], returns: "int" },
    close: { args: ["int"], returns: "int" },
  });
  const instance = symbols.inotify_init1(closeOnExec);
  const copies = Array.from({ length: spareDescriptors }, () => symbols.dup(instance));
  for (const descriptor of [instance, ...copies]) if (descriptor >= 0) symbols.close(descriptor);
  close();
  if (instance < 0) {
    throw new Error("no inotify instance is left (fs.inotify.max_user_instances)");
  }
  if (copies.includes(-1)) throw new Error("too few files may be open at once (ulimit -n)");
}

/** Descriptors needed besides the instance: for a pipe, the directory, and files that others open meanwhile. */
const spareDescriptors = 8;

/** IN_CLOEXEC, which is O_CLOEXEC: the same number on x64 and arm64 (`asm-generic/fcntl.h`). */
const closeOnExec = 0o2000000;

/** The path of the C library that is already loaded. */
function libc(): string {
  const maps = readFileSync("/proc/self/maps", "utf8");
  return /\/\S*\/(?:ld-musl-|libc[.-])\S*$/m.exec(maps)?.[0] ?? "libc.so.6";
}
