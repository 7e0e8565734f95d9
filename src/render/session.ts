/** A session's block. */
import type { Reachability } from "../bus/agent-wake";
import type { Session } from "../bus/session";
import { duration, time } from "./format";
import { baseName, code, oneLine } from "./text";
import { project, vendor } from "./labels";

export interface BlockOptions {
  thisSession: string | null;
  /** Locked paths whole instead of their last parts. */
  fullPaths: boolean;
  /** Adds what is only of interest when something is looked into. */
  verbose: boolean;
  /** When the picture was taken, in milliseconds since the epoch; null: ages are left out. */
  at: number | null;
}

/** A session as a block of Markdown, one fact a line, in the seeds' order; never a table row. */
export const sessionBlock = (session: Session, options: BlockOptions): string[] => [
  `**Session: ${oneLine(session.session_id)}**${session.session_id === options.thisSession ? " (THIS SESSION)" : ""}`,
  `- **Session UUID:** ${span(session.session_uuid)}`,
  `- **Machine UUID:** ${span(session.machine_uuid)}`,
  `- **Hostname:** ${span(session.hostname)}`,
  `- **Vendor:** ${vendor(session)}`,
  `- **Project:** ${project(session.project_id)}`,
  ...(session.tty === null ? [] : [`- **TTY:** ${oneLine(session.tty)}`]),
  `- **CWD:** ${span(session.cwd)}`,
  `- **PID:** ${session.pid ?? "(unknown)"} (uptime ${uptime(session)})`,
  `- **Claimed Task:** ${list(session.claimed_tasks.map(({ task_id, claim_type }) => `${task_id} (${claim_type})`))}`,
  `- **File Locks:** ${list(options.fullPaths ? session.file_locks : session.file_locks.map(baseName))}`,
  `- **Unread Messages:** ${session.unread_count}`,
  ...more(session, options),
];

/** What the seeds' block does not have: only where it says something, or all of it with `verbose`. */
function more(session: Session, { verbose, at }: BlockOptions): string[] {
  const { status, process_state, name, task_id, active_files, liveness, reachability } = session;
  const state = [status, ...(process_state === "stopped" ? ["process stopped"] : [])].join(", ");
  const heard =
    at === null ? Number.NaN : (at - Date.parse(time(session.heartbeat_at, true))) / 1000;
  const lines = [
    (verbose || state !== "active") && `- **Status:** ${state}`,
    name !== null && `- **Name:** ${oneLine(name)}`,
    (verbose || task_id !== null) && `- **Task:** ${oneLine(task_id ?? "(none)")}`,
    active_files.length > 0 && `- **Active Files:** ${list(active_files)}`,
    reachability.now !== "none" && `- **Reachable:** ${reach(reachability, verbose)}`,
    verbose && `- **Liveness:** ${liveness === "pid" ? "process" : "heartbeat"}`,
    verbose && `- **Registered:** ${time(session.registered_at, true)}`,
    verbose &&
      `- **Heartbeat:** ${time(session.heartbeat_at, true)}${Number.isNaN(heard) ? "" : ` (${duration(heard)} ago)`}`,
  ];
  return lines.filter((line) => line !== false);
}

const reached: Record<Reachability["now"], string> = {
  wake: "can be woken",
  turn: "in its running turn",
  prompt: "at its next prompt",
  none: "when it runs a command",
};

function reach({ now, by, last_worked_at }: Reachability, verbose: boolean): string {
  const last = last_worked_at === null ? "" : `, last worked ${time(last_worked_at, verbose)}`;
  return `${reached[now]}${by === null ? "" : ` (${by}${last})`}`;
}

function uptime({ uptime_seconds, process_state }: Session): string {
  if (uptime_seconds !== null) return duration(uptime_seconds);
  return process_state === "gone" ? "unknown, not running" : "unknown";
}

const span = (value: string | null): string => (value === null ? "(unknown)" : code(value));

const list = (values: string[]): string =>
  values.length === 0 ? "(none)" : oneLine(values.join(", "));
