/** Every adapter of the store. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings, type Settings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { openPostgresStore } from "../../src/store/postgres/store";
import { openSqliteStore } from "../../src/store/sqlite/database";
import { freshSchema, server } from "../server";

/** One adapter under the contract tests. */
export interface Adapter {
  name: string;
  /** Why its tests are skipped; null where they run. */
  missing: string | null;
  /** Whether writers give freed space back to the system. A server does that by itself, in its own time. */
  givesBack: boolean;
  /** A fresh, empty bus; `open` gives further connections to the same one, for that machine. */
  create(settings?: Settings): Promise<{
    open(machineUuid?: string): Promise<Store>;
    remove(): Promise<void>;
  }>;
}

const sqlite: Adapter = {
  name: "SQLite",
  missing: null,
  givesBack: true,
  async create(settings = defaultSettings) {
    const directory = mkdtempSync(join(tmpdir(), "parley-contract-"));
    const path = join(directory, "messaging.db");
    return {
      open: () => openSqliteStore(path, { mode: "create", settings }),
      remove: async () => rmSync(directory, { recursive: true, force: true }),
    };
  },
};

const postgres: Adapter = {
  name: "PostgreSQL",
  missing: server === null ? "no server" : null,
  givesBack: false,
  async create(settings = defaultSettings) {
    const { url, drop } = freshSchema();
    return {
      open: async (machineUuid = "machine-1") => {
        const options = { mode: "create", settings, machineUuid: () => machineUuid } as const;
        return (await openPostgresStore(url, options)).store;
      },
      remove: drop,
    };
  },
};

/** Every contract test runs against each of these. */
export const adapters: readonly Adapter[] = [sqlite, postgres];
