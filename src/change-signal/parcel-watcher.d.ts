/** Types of the watcher's plain half. */

declare module "@parcel/watcher/wrapper" {
  /** The half of the package that is plain JavaScript, around a native binding given to it. */
  export function createWrapper(binding: typeof import("@parcel/watcher")): {
    subscribe(
      directory: string,
      onEvents: (error: Error | null, events: { path: string }[] | undefined) => void,
      // `kqueue` is missing from the package's own list of backends.
      options: { backend: "inotify" | "kqueue" | "fs-events" | "windows" },
    ): Promise<{ unsubscribe(): Promise<void> }>;
  };
}
