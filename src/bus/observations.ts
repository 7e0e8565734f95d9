/** The observations of `status`: the dashboard's analysis, line by line. */
import type { Alert, ConflictType } from "./alert";
import { parseTime } from "./clock";
import type { Session } from "./session";
import { count } from "./text";

export interface ObservationFacts {
  /** Sessions that have not ended. */
  sessions: Session[];
  this_session: string | null;
  /** Unread alerts. */
  alerts: Alert[];
  /** Live sessions that started or resumed on this UTC day. */
  started_today: number;
  processSource: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Lines of Markdown in the seeds' order. Values from sessions are in them as they are: the renderer makes them safe to print. */
export function observations(facts: ObservationFacts): string[] {
  const { sessions, alerts } = facts;
  if (sessions.length === 0) return [];
  return [
    processes(facts),
    ...quietSessions(facts),
    machines(sessions),
    ...siblings(sessions),
    current(facts),
    locks(alerts),
    summary(alerts),
    `Session lifecycle: ${count(facts.started_today, "active session")} started today`,
  ];
}

function processes({ sessions, processSource }: ObservationFacts): string {
  const named = (states: (string | null)[]): string =>
    sessions
      .filter(({ process_state }) => states.includes(process_state))
      .map(({ session_id, pid }) => `${session_id}${pid === null ? "" : ` (PID ${pid})`}`)
      .join(", ");
  const alive = sessions.filter(
    ({ process_state: state }) => state === "running" || state === "stopped",
  ).length;
  const all = sessions.length === alive;
  const others = [
    ["stopped", named(["stopped"])],
    ["not running", named(["gone"])],
    ["cannot be judged from here", named(["unknown", null])],
  ].filter(([, names]) => names !== "");
  const confirmed = all
    ? `${alive === 1 ? "1 PID" : `All ${alive} PIDs`} confirmed alive via ${span(processSource)}`
    : `${alive} of ${count(sessions.length, "PID")} confirmed alive via ${span(processSource)}`;
  return [confirmed, ...others.map(([what, names]) => `${what}: ${names}`)].join("; ");
}

const quietSessions = ({ sessions, now }: ObservationFacts): string[] =>
  sessions
    .filter(({ status }) => status === "idle" || status === "stale")
    .map(({ session_id, status, heartbeat_at }) => {
      const minutes = Math.max(0, Math.floor((now - (parseTime(heartbeat_at) ?? now)) / 60_000));
      return `${session_id} is ${status}, no sign for ${count(minutes, "minute")}`;
    });

function machines(sessions: Session[]): string {
  const groups = [
    ...Map.groupBy(sessions, (session) => session.machine_uuid ?? session.hostname ?? ""),
  ];
  const place = (session: Session | undefined): string =>
    `${session?.machine_uuid ? span(shortUuid(session.machine_uuid)) : "unknown"} / ${span(session?.hostname ?? "unknown")}`;
  if (groups.length === 1) {
    const n = sessions.length;
    if (n === 1) return `1 session on machine (${place(sessions[0])})`;
    return `${n === 2 ? "Both" : `All ${n}`} sessions on same machine (${place(sessions[0])})`;
  }
  const each = groups.map(
    ([, group]) => `${group.map((s) => s.session_id).join(", ")} (${place(group[0])})`,
  );
  return `Sessions on ${groups.length} machines: ${each.join("; ")}`;
}

const siblings = (sessions: Session[]): string[] =>
  [
    ...Map.groupBy(
      sessions.filter(({ session_uuid }) => session_uuid),
      ({ session_uuid }) => session_uuid ?? "",
    ),
  ]
    .filter(([, group]) => group.length > 1)
    .map(
      ([uuid, group]) =>
        `${group.map((s) => s.session_id).join(" + ")} share session UUID ${span(shortUuid(uuid))} (\`/continue\` siblings)`,
    );

function current({ sessions, this_session }: ObservationFacts): string {
  const session = sessions.find(({ session_id }) => session_id === this_session);
  if (session === undefined) return "Current session: not registered";
  const task = session.claimed_task ?? session.task_id;
  const context = [session.project_id ?? "no project", task ? `task ${task}` : "no task"].join(
    ", ",
  );
  return `Current session: ${session.session_id} (${context})`;
}

function locks(alerts: Alert[]): string {
  const conflicts = alerts.filter(({ message_type }) => message_type === "file_conflict");
  if (conflicts.length === 0) return "No file lock conflicts detected";
  return `${count(conflicts.length, "file lock conflict")}: ${conflicts.map((alert) => resource(alert)).join(", ")}`;
}

/** What each type of conflict means for the sessions in it, and what to do. */
const advice: Record<ConflictType, [relation: string, action: string]> = {
  project_conflict: ["shared by", "ensure non-overlapping tasks"],
  task_conflict: ["worked on by", "agree on one owner"],
  cwd_overlap: ["shared by", "move one to a subdirectory"],
  file_conflict: ["wanted by", "ask the holder to release the lock"],
  message_loop: ["between", "look at what they write"],
};

function summary(alerts: Alert[]): string {
  if (alerts.length === 0) return "No operator alerts";
  const each = alerts.map((alert) => {
    const [relation, action] = advice[alert.message_type] ?? ["between", "coordinate"];
    return `${alert.message_type} (${resource(alert)} ${relation} ${count(involved(alert), "session")} — ${action})`;
  });
  return `${count(alerts.length, "operator alert")}: ${each.join("; ")}`;
}

// Alerts of an adopted database were written by another program: their payload may lack what ours has.
const resource = ({ payload, activity }: Alert): string =>
  String(payload.resource ?? activity ?? "unknown");
const involved = ({ payload }: Alert): number =>
  Array.isArray(payload.sessions) ? payload.sessions.length : 2;

const shortUuid = (uuid: string): string => `${uuid.slice(0, 8)}-...`;
const span = (value: string): string => `\`${value.replaceAll("`", "'")}\``;
