/** `getSessionMessageBus`: the shared bus object of a database; its path, and the project of a directory. */
import type { ProjectFinding } from "../bus/identity";
import { messagingDatabasePath } from "../cli/paths";
import { SessionMessageBus } from "./bus";
import { type BusOptions, contextFor } from "./connection";

const shared = new Map<string, SessionMessageBus>();

/** The bus of this process on a database: one object for a path until closed, with the first call's options; opens on first use. */
export function getSessionMessageBus(options: BusOptions = {}): SessionMessageBus {
  const path = getMessagingDbPath(options);
  const known = shared.get(path);
  if (known) return known;
  const bus = new SessionMessageBus({ ...options, db: path }, () => void shared.delete(path));
  shared.set(path, bus);
  return bus;
}

/** Absolute path of the database: `db`, else PARLEY_DB, else in the data directory. The file need not exist. */
export const getMessagingDbPath = ({
  db,
  env = process.env,
  cwd = process.cwd(),
}: BusOptions = {}): string => messagingDatabasePath(env, db, cwd);

/** The project of a directory, by PARLEY_PROJECT, CODITECT_PROJECT or its git repository. Needs no database. */
export const discoverProject = (
  directory: string = process.cwd(),
  options: BusOptions = {},
): ProjectFinding => contextFor(options).identity.project(directory);
