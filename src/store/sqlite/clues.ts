/** The sessions that a caller's clues point to. */
import type { CallerEvidence } from "../../bus/identity";
import type { SessionRecord } from "../../bus/session";
import { callersAmong } from "../rows/clues";
import { fromRow, type SessionRow } from "../rows/session";
import type { Connection } from "./connection";

const select = "select * from session_registry";

export function sessionsByClues(
  c: Connection,
  clues: CallerEvidence,
  machine_uuid: string,
): SessionRecord[] {
  for (const ancestor of clues.ancestors) {
    const found = c
      .all<SessionRow>(
        `${select} where pid = $pid and status <> 'terminated' and start_ticks = $start_ticks
          and boot_id = $boot_id and pid_namespace = $pid_namespace`,
        {
          pid: ancestor.pid,
          start_ticks: ancestor.start_ticks,
          boot_id: ancestor.boot_id,
          pid_namespace: ancestor.pid_namespace,
        },
      )
      .map(fromRow);
    if (found.length === 0) continue;
    const callers = callersAmong(found, clues);
    if (callers) return callers;
    break;
  }
  for (const session_uuid of clues.conversation_ids) {
    const found = c
      .all<SessionRow>(`${select} where session_uuid = $session_uuid and status <> 'terminated'`, {
        session_uuid,
      })
      .map(fromRow);
    if (found.length > 0) return found;
  }
  if (clues.tty === null) return [];
  const onTty = c
    .all<SessionRow>(
      `${select} where tty = $tty and machine_uuid = $machine_uuid and status <> 'terminated'`,
      { tty: clues.tty, machine_uuid },
    )
    .map(fromRow);
  return onTty.length === 1 ? onTty : [];
}
