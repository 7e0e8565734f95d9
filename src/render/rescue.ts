/** Renders `rescue`: a block a session, and what was released. */
import type { RescuedSession, RescueResult } from "../bus/rescue";
import { shellQuote, count } from "../bus/text";
import { duration, time } from "./format";
import { projectLabel, vendorLabel } from "./session";
import { paint, type Style, title } from "./style";
import { code, oneLine, shortPath } from "./text";

/** `resume` adds how each conversation is resumed; `statusOnly` says that nothing was to be released. */
export function rescueView(
  data: RescueResult,
  style: Style,
  { resume, statusOnly }: { resume: boolean; statusOnly: boolean },
): string[] {
  const { sessions, released } = data;
  return [
    ...title(style, "Session Rescue"),
    summary(sessions),
    ...sessions.flatMap((session) => ["", ...block(session, style, resume)]),
    "",
    statusOnly
      ? "Released: nothing (--status only looks)"
      : `Released: ${count(released.locks, "file lock")}, ${count(released.claims, "task claim")}`,
    ...advice(sessions, style, statusOnly),
  ];
}

const troubles = ["DEAD", "STALE", "HUNG"] as const;

const summary = (sessions: readonly RescuedSession[]): string =>
  [
    count(sessions.length, "session"),
    ...troubles.map(
      (state) => `${sessions.filter((each) => each.state === state).length} ${state.toLowerCase()}`,
    ),
  ].join(" | ");

function block(session: RescuedSession, style: Style, resume: boolean): string[] {
  const { state, cwd, ended_at, end_reason, exported, killed, resume_command } = session;
  const held = holdings(session);
  const name = session.name === null ? "" : ` "${oneLine(session.name)}"`;
  const lines = [
    `**Session: ${oneLine(session.session_id)}**${name} ${mark(style, state)}`,
    `- **Vendor:** ${vendorLabel(session)}`,
    `- **Project:** ${projectLabel(session.project_id)}`,
    cwd !== null && `- **CWD:** ${code(cwd)}`,
    `- **PID:** ${session.pid ?? "(unknown)"} (${session.process_state ?? "unknown"})`,
    `- **Last Heard:** ${time(session.heartbeat_at)} (${duration(session.silent_seconds)} ago)`,
    end_reason !== null &&
      `- **Ended:** ${ended_at === null ? "" : `${time(ended_at)}, `}${oneLine(end_reason)}`,
    held !== "" && `- **${session.released ? "Released" : "Holds"}:** ${held}`,
    held === "" && session.released && "- **Released:** (it held nothing)",
    session.unread_count > 0 && `- **Unread Messages:** ${session.unread_count}`,
    killed !== null && `- **Kill:** ${outcomes[killed]}`,
    exported !== null && `- **Exported:** ${shortPath(exported, style.home)}`,
    resume && `- **Resume:** ${resume_command === null ? "(unknown)" : command(session)}`,
  ];
  return lines.filter((line) => line !== false);
}

const holdings = ({ file_locks, claimed_tasks }: RescuedSession): string =>
  [
    file_locks.length > 0 && `${count(file_locks.length, "file lock")} (${file_locks.join(", ")})`,
    claimed_tasks.length > 0 &&
      `${count(claimed_tasks.length, "task claim")} (${claimed_tasks.map((each) => each.task_id).join(", ")})`,
  ]
    .filter((part) => part !== false)
    .map(oneLine)
    .join(", ");

function mark(style: Style, state: RescuedSession["state"]): string {
  if (state === "DEAD" || state === "HUNG") return paint(style, "red", state);
  return state === "STALE" ? paint(style, "yellow", state) : state;
}

const outcomes: Record<NonNullable<RescuedSession["killed"]>, string> = {
  terminated: "ended after SIGTERM",
  killed: "ended after SIGKILL",
  gone: "had ended already",
  alive: "still alive after SIGKILL",
  declined: "not killed, as you said no",
  own_process: "not killed: this command runs below it",
  shared_process: "not killed: its process serves other sessions too",
  unknown_process: "not killed: its process cannot be seen from here",
  refused: "not killed: the system refused the signal",
};

/** A directory that cannot be shown as it is gets no command to copy. */
function command({ cwd, resume_command }: RescuedSession): string {
  if (cwd === null || oneLine(cwd) !== cwd) return oneLine(resume_command ?? "");
  return `cd ${shellQuote(cwd)} && ${oneLine(resume_command ?? "")}`;
}

function advice(sessions: readonly RescuedSession[], style: Style, statusOnly: boolean): string[] {
  const open = sessions.filter((each) => !each.released && each.status !== "terminated");
  const hung = open.filter((each) => each.state === "HUNG").length;
  const lost = open.filter((each) => each.state === "DEAD" || each.state === "STALE").length;
  const forced = style.command("rescue", "--force");
  return [
    statusOnly &&
      lost > 0 &&
      `Run ${style.command("rescue")} to release what dead and stale sessions hold.`,
    hung > 0 &&
      `A hung session may only be waiting for its human: ${forced} ends it, --kill its process.`,
  ].filter((line) => line !== false);
}
