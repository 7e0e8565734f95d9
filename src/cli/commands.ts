/** The table of verbs, each loaded on use. */
import type { Command } from "./command";

export interface Verb {
  /** One line for `parley --help`: the command's description, repeated so that help loads no command. */
  summary: string;
  alias?: string;
  load(): Promise<{ default: Command }>;
}

export type Verbs = Readonly<Record<string, Verb>>;

/** Every verb. Its module and all that it imports are evaluated only when the verb is used. */
export const verbs: Verbs = {
  register: {
    summary: "Register this agent session, or update it",
    load: () => import("../commands/register"),
  },
  unregister: {
    summary: "End this session and free what it holds",
    load: () => import("../commands/unregister"),
  },
  heartbeat: {
    summary: "Give a sign of life of this session",
    load: () => import("../commands/heartbeat"),
  },
  task: {
    summary: "Show, set or clear the current task of this session",
    load: () => import("../commands/task"),
  },
  status: {
    summary: "Show who works where, on what, holding which files",
    load: () => import("../commands/status"),
  },
  message: {
    summary: "Send a message to another session, or list the sent ones",
    alias: "send",
    load: () => import("../commands/message"),
  },
  inbox: {
    summary: "Show the unread messages of this session",
    load: () => import("../commands/inbox"),
  },
  read: {
    summary: "Mark messages as read",
    load: () => import("../commands/read"),
  },
  publish: {
    summary: "Publish a message on a channel, for whoever listens",
    load: () => import("../commands/publish"),
  },
  poll: {
    summary: "Read a channel from a cursor on",
    load: () => import("../commands/poll"),
  },
  watch: {
    summary: "Show messages as they come: published ones, and this session's mail",
    load: () => import("../commands/watch"),
  },
  feed: {
    summary: "Show everything that happened, in its one order",
    load: () => import("../commands/feed"),
  },
  lock: {
    summary: "Lock files for this session, all of them or none",
    load: () => import("../commands/lock"),
  },
  unlock: {
    summary: "Unlock files",
    load: () => import("../commands/unlock"),
  },
  claim: {
    summary: "Claim a task for this session alone",
    load: () => import("../commands/claim"),
  },
  release: {
    summary: "Release claimed tasks",
    load: () => import("../commands/release"),
  },
  conflicts: {
    summary: "Show or acknowledge what sessions collide on",
    load: () => import("../commands/conflicts"),
  },
  orient: {
    summary: "Show a starting session who is here and what waits for it",
    load: () => import("../commands/orient"),
  },
  cxq: {
    summary: "Query the bus by flags, as in earlier message buses",
    load: () => import("../commands/cxq"),
  },
  rescue: {
    summary: "Free what dead sessions hold, and find those that hang",
    load: () => import("../commands/rescue"),
  },
  project: {
    summary: "Show which project this is and who works on it",
    load: () => import("../commands/project"),
  },
  run: {
    summary: "Run any program as a session that ends with it",
    load: () => import("../commands/run"),
  },
  cleanup: {
    summary: "Remove what is past its time, now or regularly",
    load: () => import("../commands/cleanup"),
  },
  mcp: {
    summary: "Serve the bus to an agent as MCP tools, on standard streams",
    load: () => import("../commands/mcp"),
  },
  migrate: {
    summary: "Copy a bus from a file to a PostgreSQL server",
    load: () => import("../commands/migrate"),
  },
  log: {
    summary: "Append to this project's session log, or show it",
    load: () => import("../commands/log"),
  },
  setup: {
    summary: "Let agents take part by themselves: install hooks, commands and MCP server",
    load: () => import("../commands/setup"),
  },
  doctor: {
    summary: "Look whether everything works, and say what to do where it does not",
    load: () => import("../commands/doctor"),
  },
  hook: {
    summary: "Answer an agent's hook, which stands on stdin as JSON",
    load: () => import("../commands/hook"),
  },
  off: {
    summary: "Make every hook of every agent silent and permissive",
    load: () => import("../commands/off"),
  },
  on: {
    summary: "Let the hooks of agents work again",
    load: () => import("../commands/on"),
  },
};

/** A verb by its name or alias; null where there is none. */
export function findVerb(name: string, table: Verbs): (Verb & { name: string }) | null {
  const own = Object.hasOwn(table, name) ? name : null;
  const found = own ?? Object.keys(table).find((each) => table[each]?.alias === name);
  const verb = found === undefined ? undefined : table[found];
  return found !== undefined && verb ? { ...verb, name: found } : null;
}

export const verbNames = (table: Verbs): string[] =>
  Object.entries(table).flatMap(([name, { alias }]) => (alias ? [name, alias] : [name]));
