/** Small ports: agents, heartbeat process, hook log, timers, and what a migration copies. */
import type { SessionRecord } from "./session";

/** The conversation from which a tool of the MCP server was called. */
export interface CallOrigin {
  vendor: string;
  conversation: string;
}

/** Port: what rules and MCP server have to know of agents, by the vendor in a session's row. */
export interface AgentKinds {
  /** The command that continues a session's conversation, to be run in its directory; null where none is known. */
  resumeCommand(record: Pick<SessionRecord, "llm_vendor" | "session_uuid">): string | null;
  /** Whether hooks can show its model messages while a turn goes on. */
  showsMessagesMidTurn(vendor: string): boolean;
  /** The conversation that the metadata of a call to the MCP server names; null where it names none. */
  originOf(meta: Readonly<Record<string, unknown>>): CallOrigin | null;
}

/** Port: sends heartbeats for a session where the bus spans machines: other machines cannot see its process. */
export interface HeartbeatProcess {
  /** Between two heartbeats. */
  readonly seconds: number;
  /** Starts it, unless it runs already; it ends with the session's process. Never throws. */
  start(sessionId: string): void;
}

/** Port: a log of failures that must not disturb the agent at work. */
export interface FaultLog {
  /** Appends one line with the time, cut where it is long. Never throws. */
  note(line: string): void;
}

/** `print`, `install` and `remove` are about the crontab; the others print the files of another timer. */
export const scheduleActions = ["print", "install", "remove", "systemd", "launchd"] as const;
export type ScheduleAction = (typeof scheduleActions)[number];

/** The data of `cleanup --cron`. */
export interface ScheduleResult {
  action: ScheduleAction;
  /** Between two clean-ups; null for `remove`. */
  every_seconds: number | null;
  /** The line of the crontab; null where there is none of ours. */
  line: string | null;
  /** Files to make for systemd or launchd, with their paths. */
  files: { path: string; text: string }[];
  /** Whether the crontab was written. */
  changed: boolean;
}

/** Port: the machine's timers, which run `parley cleanup`. */
export interface Schedule {
  /**
   * `every` in milliseconds. Throws `invalid` for an interval that the timer cannot keep, `not_found` without a
   * `crontab` program, `not_permitted` where that refuses.
   */
  run(action: ScheduleAction, every: number): Promise<ScheduleResult>;
}

/** How many rows of each kind. */
export interface Copied {
  sessions: number;
  messages: number;
  locks: number;
  claims: number;
}

/** The data of `migrate`. */
export interface MigrationResult {
  from: string;
  /** Without secrets. */
  to: string;
  copied: Copied;
  /** Rows that had been copied before, or that exist there under the same name. */
  present: Copied;
}
