/** The table of verbs, each loaded on use. */
import type { Command } from "./command";

export interface Verbs {
  readonly modules: Readonly<Record<string, () => Promise<{ default: Command }>>>;
  /** One line about each verb, which the help shows without loading it. */
  readonly summaries: Readonly<Record<string, string>>;
  /** Second names of verbs. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** The modules of the verbs. A module and all that it imports are evaluated only when its verb is used. */
const modules = {
  register: () => import("../commands/register"),
  unregister: () => import("../commands/unregister"),
  heartbeat: () => import("../commands/heartbeat"),
  task: () => import("../commands/task"),
  status: () => import("../commands/status"),
  message: () => import("../commands/message"),
  inbox: () => import("../commands/inbox"),
  read: async () => ({ default: (await import("../commands/inbox")).readVerb }),
  publish: () => import("../commands/publish"),
  poll: () => import("../commands/poll"),
  watch: () => import("../commands/watch"),
  feed: () => import("../commands/feed"),
  lock: () => import("../commands/lock"),
  unlock: async () => ({ default: (await import("../commands/lock")).unlockVerb }),
  claim: () => import("../commands/claim"),
  release: async () => ({ default: (await import("../commands/claim")).releaseVerb }),
  conflicts: () => import("../commands/conflicts"),
  orient: () => import("../commands/orient"),
  cxq: () => import("../commands/cxq"),
  rescue: () => import("../commands/rescue"),
  project: () => import("../commands/project"),
  run: () => import("../commands/run"),
  cleanup: () => import("../commands/cleanup"),
  mcp: () => import("../commands/mcp"),
  migrate: () => import("../commands/migrate"),
  log: () => import("../commands/log"),
  setup: () => import("../commands/setup"),
  doctor: () => import("../commands/doctor"),
  hook: () => import("../commands/hook"),
  off: async () => ({ default: (await import("../commands/off")).offVerb }),
  on: async () => ({ default: (await import("../commands/off")).onVerb }),
};

const summaries: Record<keyof typeof modules, string> = {
  register: "Register this agent session, or update it",
  unregister: "End this session and free what it holds",
  heartbeat: "Give a sign of life of this session",
  task: "Show, set or clear the current task of this session",
  status: "Show who works where, on what, holding which files",
  message: "Send a message to another session, or list the sent ones",
  inbox: "Show the unread messages of this session",
  read: "Mark messages as read",
  publish: "Publish a message on a channel, for whoever listens",
  poll: "Read a channel from a cursor on",
  watch: "Show messages as they come: published ones, and this session's mail",
  feed: "Show everything that happened, in its one order",
  lock: "Lock files for this session, all of them or none",
  unlock: "Unlock files",
  claim: "Claim a task for this session alone",
  release: "Release claimed tasks",
  conflicts: "Show or acknowledge what sessions collide on",
  orient: "Show a starting session who is here and what waits for it",
  cxq: "Query the bus by flags, as in earlier message buses",
  rescue: "Free what dead sessions hold, and find those that hang",
  project: "Show which project this is and who works on it",
  run: "Run any program as a session that ends with it",
  cleanup: "Remove what is past its time, now or regularly",
  mcp: "Serve the bus to an agent as MCP tools, on standard streams",
  migrate: "Copy a bus from a file to a PostgreSQL server",
  log: "Append to this project's session log, or show it",
  setup: "Let agents take part by themselves: install hooks, commands and MCP server",
  doctor: "Look whether everything works, and say what to do where it does not",
  hook: "Answer an agent's hook, which stands on stdin as JSON",
  off: "Make every hook of every agent silent and permissive",
  on: "Let the hooks of agents work again",
};

export const verbs: Verbs = { modules, summaries, aliases: { send: "message" } };

/** The verb of a name or alias; null where there is none. */
export function findVerb(name: string, table: Verbs): string | null {
  if (Object.hasOwn(table.modules, name)) return name;
  return Object.hasOwn(table.aliases, name) ? (table.aliases[name] ?? null) : null;
}

export const aliasOf = (verb: string, { aliases }: Verbs): string | undefined =>
  Object.keys(aliases).find((alias) => aliases[alias] === verb);

export const verbNames = (table: Verbs): string[] =>
  Object.keys(table.modules).flatMap((name) => [name, aliasOf(name, table) ?? []].flat());
