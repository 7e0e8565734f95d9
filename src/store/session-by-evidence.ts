/** Finding the session that a process speaks for. */
import type { CallerEvidence } from "../bus/identity";
import type { ProcessEvidence } from "../bus/process";
import type { SessionRecord } from "../bus/session";
import type { Statements } from "./database";
import { sessionFrom, type SessionRow, sessionsWhere } from "./session";

/** Live sessions that the evidence points to, by its order of strength; several where it does not decide. */
export async function sessionsByEvidence(
  s: Statements,
  clues: CallerEvidence,
  machine_uuid: string,
): Promise<SessionRecord[]> {
  const callers = await nearestSessions(s, clues);
  if (callers) return callers;
  for (const session_uuid of clues.conversation_ids) {
    const condition = "session_uuid = $session_uuid and status <> 'terminated'";
    const found = await sessionsWhere(s, condition, { session_uuid });
    if (found.length > 0) return found;
  }
  if (clues.tty === null) return [];
  const onTty = await sessionsWhere(
    s,
    "tty = $tty and machine_uuid = $machine_uuid and status <> 'terminated'",
    { tty: clues.tty, machine_uuid },
  );
  return onTty.length === 1 ? onTty : [];
}

/** Sessions of the nearest ancestor that has any; null where the caller is none of them. */
async function nearestSessions(
  s: Statements,
  clues: CallerEvidence,
): Promise<SessionRecord[] | null> {
  const { ancestors } = clues;
  if (ancestors.length === 0) return null;
  const rows = await s.all<SessionRow>(
    `select * from parley.session_registry
      where pid = any($pids::int[]) and status <> 'terminated'`,
    { pids: ancestors.map(({ pid }) => pid) },
  );
  for (const ancestor of ancestors) {
    const found = rows.filter((row) => isOfProcess(row, ancestor));
    if (found.length > 0) return matchingSessions(found.map(sessionFrom), clues);
  }
  return null;
}

const isOfProcess = (row: SessionRow, process: ProcessEvidence): boolean =>
  row.pid === process.pid &&
  row.start_ticks === process.start_ticks &&
  row.boot_id === process.boot_id &&
  row.pid_namespace === process.pid_namespace;

/** Which sessions of one process the caller can be; null where it is none of them. */
function matchingSessions(
  found: SessionRecord[],
  { conversation_ids }: CallerEvidence,
): SessionRecord[] | null {
  const own = found.filter(({ session_uuid }) => conversation_ids.includes(session_uuid ?? ""));
  if (own.length > 0) return own;
  // A shared host has sessions of many conversations: a caller that knows its own is none of the others.
  return conversation_ids.length > 0 && found.every((each) => each.shared_host) ? null : found;
}
