/** Renders sessions: the dashboard's block, what each agent is doing, lifecycle events, labels. */
import type { Reachability } from "../bus/agent-wake";
import type { Correspondent } from "../bus/message";
import type { Activity, Session } from "../bus/session";
import type { LifecycleEvent } from "../bus/status";
import { duration, time } from "./format";
import { paint, type Style, title } from "./style";
import { baseName, code, oneLine } from "./text";

/** `claude (opus-4.6)`, or the vendor alone where the model is unknown. */
export const vendorLabel = (of: { llm_vendor: string; llm_model: string | null }): string =>
  oneLine(of.llm_model === null ? of.llm_vendor : `${of.llm_vendor} (${of.llm_model})`);

/** `codex-41200 (codex, o3)` */
export const correspondentLabel = (
  of: Pick<Correspondent, "session_id" | "llm_vendor" | "llm_model">,
): string =>
  oneLine(
    `${of.session_id} (${[of.llm_vendor, of.llm_model].filter((part) => part !== null).join(", ")})`,
  );

export const projectLabel = (id: string | null): string =>
  id === null ? "(not set)" : oneLine(id);

export interface BlockOptions {
  thisSession: string | null;
  /** Locked paths whole instead of their last parts. */
  fullPaths: boolean;
  /** Adds the details that only an investigation needs. */
  verbose: boolean;
  /** When the dashboard was read, in milliseconds since the epoch; null: ages are left out. */
  at: number | null;
}

/** A session as a block of Markdown, one fact a line, in the seeds' order; never a table row. */
export const sessionBlock = (session: Session, options: BlockOptions): string[] => [
  `**Session: ${oneLine(session.session_id)}**${session.session_id === options.thisSession ? " (THIS SESSION)" : ""}`,
  `- **Session UUID:** ${span(session.session_uuid)}`,
  `- **Machine UUID:** ${span(session.machine_uuid)}`,
  `- **Hostname:** ${span(session.hostname)}`,
  `- **Vendor:** ${vendorLabel(session)}`,
  `- **Project:** ${projectLabel(session.project_id)}`,
  ...(session.tty === null ? [] : [`- **TTY:** ${oneLine(session.tty)}`]),
  `- **CWD:** ${span(session.cwd)}`,
  `- **PID:** ${session.pid ?? "(unknown)"} (uptime ${uptime(session)})`,
  `- **Claimed Task:** ${list(session.claimed_tasks.map(({ task_id, claim_type }) => `${task_id} (${claim_type})`))}`,
  `- **File Locks:** ${list(options.fullPaths ? session.file_locks : session.file_locks.map(baseName))}`,
  `- **Unread Messages:** ${session.unread_count}`,
  ...details(session, options),
];

/** Facts that the seeds' block lacks: each where it differs from the usual, all of them with `verbose`. */
function details(session: Session, { verbose, at }: BlockOptions): string[] {
  const { status, process_state, name, task_id, active_files, liveness, reachability } = session;
  const state = [status, ...(process_state === "stopped" ? ["process stopped"] : [])].join(", ");
  const age = at === null ? Number.NaN : (at - Date.parse(time(session.heartbeat_at, true))) / 1000;
  const lines = [
    (verbose || state !== "active") && `- **Status:** ${state}`,
    name !== null && `- **Name:** ${oneLine(name)}`,
    (verbose || task_id !== null) && `- **Task:** ${oneLine(task_id ?? "(none)")}`,
    active_files.length > 0 && `- **Active Files:** ${list(active_files)}`,
    reachability.now !== "none" && `- **Reachable:** ${reachable(reachability, verbose)}`,
    verbose && `- **Liveness:** ${liveness === "pid" ? "process" : "heartbeat"}`,
    verbose && `- **Registered:** ${time(session.registered_at, true)}`,
    verbose &&
      `- **Heartbeat:** ${time(session.heartbeat_at, true)}${Number.isNaN(age) ? "" : ` (${duration(age)} ago)`}`,
  ];
  return lines.filter((line) => line !== false);
}

const reachableWhen: Record<Reachability["now"], string> = {
  wake: "can be woken",
  turn: "in its running turn",
  prompt: "at its next prompt",
  none: "when it runs a command",
};

function reachable({ now, by, last_worked_at }: Reachability, verbose: boolean): string {
  const last = last_worked_at === null ? "" : `, last worked ${time(last_worked_at, verbose)}`;
  return `${reachableWhen[now]}${by === null ? "" : ` (${by}${last})`}`;
}

function uptime({ uptime_seconds, process_state }: Session): string {
  if (uptime_seconds !== null) return duration(uptime_seconds);
  return process_state === "gone" ? "unknown, not running" : "unknown";
}

const span = (value: string | null): string => (value === null ? "(unknown)" : code(value));

const list = (values: string[]): string =>
  values.length === 0 ? "(none)" : oneLine(values.join(", "));

/** Agents that wait for the reader come first. */
const activityOrder: Activity["state"][] = ["awaiting permission", "idle", "working"];

/** Which agents need the operator; nothing where no hook has reported an activity. */
export function activitySection(
  { sessions, hooks_off }: { sessions: Session[]; hooks_off: boolean },
  style: Style,
  at: number | null,
): string[] {
  if (hooks_off) {
    return [
      `**Hooks are off:** agents are neither told nor refused anything (${style.command("on")})`,
    ];
  }
  return activityOrder.flatMap((state) => {
    const inState = sessions.filter(({ activity }) => activity?.state === state);
    if (inState.length === 0) return [];
    const heading = state[0]?.toUpperCase() + state.slice(1);
    const line = `**${heading}:** ${inState.map((session) => withActivityAge(session, at)).join(", ")}`;
    return [state === "awaiting permission" ? paint(style, "yellow", line) : line];
  });
}

function withActivityAge({ session_id, activity }: Session, at: number | null): string {
  const seconds = at === null ? Number.NaN : (at - Date.parse(activity?.since ?? "")) / 1000;
  return `${oneLine(session_id)}${Number.isNaN(seconds) ? "" : ` (${duration(seconds)})`}`;
}

/** The last 10 events, as the dashboard and the session log show them. */
export const lifecycleSection = (events: LifecycleEvent[]): string[] => [
  "**Session Lifecycle (ADR-173, last 10):**",
  ...(events.length === 0 ? ["- (none)"] : []),
  ...events.slice(0, 10).map((event) => {
    const project = projectLabel(event.project_id);
    return `- ${eventHeading(event, false)} ${event.project_id === null ? project : `(${project})`}`;
  }),
];

/** `--lifecycle` */
export const lifecycleList = (
  events: LifecycleEvent[],
  style: Style,
  precise: boolean,
): string[] => [
  ...title(style, "Session Lifecycle Events (last 20)"),
  ...(events.length === 0 ? ["No lifecycle events."] : []),
  ...events.map((event) => {
    const detail =
      event.event === "ended" ? `(${event.reason ?? "session ended normally"})` : event.cwd;
    return [
      eventHeading(event, precise),
      projectLabel(event.project_id),
      ...(detail === null ? [] : [oneLine(detail)]),
    ].join(" ");
  }),
];

const eventHeading = (
  { created_at, event, session_id }: LifecycleEvent,
  precise: boolean,
): string => `${time(created_at, precise)} ${event} ${oneLine(session_id)}`;
