/** The answer of `bus_status`: the sessions and alerts in text. */
import type { Dashboard } from "../bus/status";
import type { Session } from "../bus/session";
import { sanitizeLine } from "../bus/untrusted-text";
import { count } from "../bus/text";

/** How many locks of a session, and how many alerts, are named; the others are counted. */
const maxListed = 5;

/** The sessions, a line each, the alerts and the unread messages: what an agent needs to know before it acts. */
export function describeStatus({ sessions, this_session, alerts }: Dashboard): string {
  const own = sessions.find(({ session_id }) => session_id === this_session);
  const others = sessions.filter((session) => session !== own);
  const lines = [
    own ? `You are ${describe(own)}` : "You are not registered",
    others.length === 0 ? "No other session is here." : `${count(others.length, "other session")}:`,
    ...others.map((session) => `- ${describe(session)}`),
  ];
  if (alerts.length > 0) {
    lines.push(`${count(alerts.length, "open alert")}:`);
    for (const { message_type, payload, activity } of alerts.slice(0, maxListed)) {
      const ids = Array.isArray(payload.sessions) ? payload.sessions.map(String) : [];
      const what = sanitizeLine(String(payload.resource ?? activity ?? "unknown"));
      lines.push(`- ${sanitizeLine(message_type)} on ${what}: ${sanitizeLine(ids.join(", "))}`);
    }
  }
  const unread = own?.unread_count ?? 0;
  if (unread > 0) lines.push(`${count(unread, "unread message")} for you: call bus_inbox.`);
  return lines.join("\n");
}

function describe(session: Session): string {
  const { session_id, name, llm_vendor, llm_model, project_id, task_id, status, cwd } = session;
  const facts = [
    llm_model === null ? llm_vendor : `${llm_vendor} ${llm_model}`,
    status,
    project_id && `project ${project_id}`,
    task_id && `task ${task_id}`,
    cwd && `in ${cwd}`,
    listed(
      "claims",
      session.claimed_tasks.map((claim) => claim.task_id),
    ),
    listed("locks", session.file_locks),
  ];
  const called = name === null ? "" : ` "${name}"`;
  return `${session_id}${called}: ${facts
    .filter(Boolean)
    .map((fact) => sanitizeLine(fact!))
    .join(" · ")}`;
}

function listed(what: string, all: readonly string[]): string | null {
  if (all.length === 0) return null;
  const more = all.length > maxListed ? ` and ${all.length - maxListed} more` : "";
  return `${what} ${all.slice(0, maxListed).join(", ")}${more}`;
}
