import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { defaultSettings, type Settings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { openSqliteStore } from "../../src/store/sqlite/store";

/** One adapter under the contract tests. */
export interface Adapter {
  name: string;
  /** A fresh, empty bus; `open` gives further connections to the same one. */
  create(settings?: Settings): Promise<{ open(): Promise<Store>; remove(): Promise<void> }>;
}

const sqlite: Adapter = {
  name: "SQLite",
  async create(settings = defaultSettings) {
    const directory = mkdtempSync(join(tmpdir(), "parley-contract-"));
    const path = join(directory, "messaging.db");
    return {
      open: () => openSqliteStore(path, { mode: "create", settings }),
      remove: async () => rmSync(directory, { recursive: true, force: true }),
    };
  },
};

/** Every contract test runs against each of these. */
export const adapters: readonly Adapter[] = [sqlite];
