/** The version, commit and target of this build. */

// Defined by the build; absent when the sources run as they are.
declare const PARLEY_VERSION: string | undefined;
declare const PARLEY_COMMIT: string | undefined;
declare const PARLEY_TARGET: string | undefined;

export interface Version {
  version: string;
  /** Git commit of the build; null when run from the sources. */
  commit: string | null;
  /** The platform it was built for, such as `linux-x64-musl`. */
  target: string;
  /** Version of the Bun inside. */
  bun: string;
}

export async function version(): Promise<Version> {
  return {
    version:
      typeof PARLEY_VERSION === "string"
        ? PARLEY_VERSION
        : (await import("../../package.json")).version,
    commit: typeof PARLEY_COMMIT === "string" ? PARLEY_COMMIT : null,
    target:
      typeof PARLEY_TARGET === "string" ? PARLEY_TARGET : `${process.platform}-${process.arch}`,
    bun: Bun.version,
  };
}
