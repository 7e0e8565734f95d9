/** The store in a SQLite file. */
import type { Store } from "../../bus/store";
import type { StoreOptions } from "../../bus/settings";
import { openStore } from "../store";
import { SqliteDatabase } from "./database";
import { openConnection } from "./open";

/** Opens the bus in a SQLite database; throws `not_found`, `not_permitted`, `invalid` (foreign, newer) or `busy`. */
export const openSqliteStore = async (path: string, options: StoreOptions): Promise<Store> =>
  openStore(new SqliteDatabase(await openConnection(path, options)));
