/** Welcomes a model that has just begun: which session it is, which others there are, what waits. */
import type { Bus } from "../bus/bus";
import { livenessNow } from "../bus/caller";
import { sanitizeLine } from "../bus/untrusted-text";
import { shellQuote } from "../bus/text";
import type { RegisterResult, SessionRecord } from "../bus/session";

/** Sessions and conflicts that are listed; further ones are counted. */
const maxListed = 8;

/** A few lines. Later texts name `parley` without a path, so where the agent's PATH has none, the path is given here. */
export async function welcome(
  bus: Bus,
  registered: RegisterResult,
  path: string | undefined,
): Promise<string> {
  const { session, conflicts, unread } = registered;
  const others = (await bus.store.liveSessions(livenessNow(bus))).filter(
    (each) => each.session_id !== session.session_id,
  );
  const near = others.toSorted((a, b) => rank(a, session) - rank(b, session));
  // The alerts among them are listed as conflicts.
  const alerts = conflicts.length > 0 ? (unread.by_channel["operator_alert"] ?? 0) : 0;
  const mail = unread.total - alerts;
  return [
    `parley: this session is ${session.session_id} on the bus through which the coding agents of this machine find each other.`,
    ...(Bun.which("parley", { PATH: path ?? "" }) === null
      ? [`The command parley is not on the PATH here: run it as ${shellQuote(process.execPath)}`]
      : []),
    ...listed("Other sessions", near, describe),
    ...(near.length > 0 ? ['To write to one: parley message ID "…"'] : []),
    ...listed(
      "Open conflicts",
      conflicts,
      (each) => `[${each.label}] ${each.type} with ${each.session_id} on ${line(each.resource)}`,
    ),
    ...(mail > 0 ? [`Unread messages: ${mail} (parley inbox)`] : []),
  ].join("\n");
}

/** Those of the same project first. */
const rank = (record: SessionRecord, own: RegisterResult["session"]): number =>
  own.project_id !== null && record.project_id === own.project_id ? 0 : 1;

function listed<T>(title: string, all: readonly T[], show: (one: T) => string): string[] {
  if (all.length === 0) return [];
  const rest = all.length - maxListed;
  return [
    `${title} (${all.length}):`,
    ...all.slice(0, maxListed).map((each) => `- ${show(each)}`),
    ...(rest > 0 ? [`- ${rest} more: parley status`] : []),
  ];
}

function describe(record: SessionRecord): string {
  const { session_id, project_id, task_id, cwd, activity, name } = record;
  const facts = [
    name && `called ${line(name)}`,
    project_id && `project ${line(project_id)}`,
    task_id && `task ${line(task_id)}`,
    cwd && `in ${line(cwd)}`,
    activity?.state,
  ].filter(Boolean);
  return `${session_id}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}`;
}

const line = (text: string): string => sanitizeLine(text, 120);
