import type { Clues } from "../../bus/identity";
import type { SessionRecord } from "../../bus/session";
import { fromRow, type SessionRow } from "../rows/session";
import type { Connection } from "./connection";

const select = "select * from session_registry";

export function sessionsByClues(
  c: Connection,
  clues: Clues,
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
    const own = found.filter((record) =>
      clues.conversation_ids.includes(record.session_uuid ?? ""),
    );
    if (own.length > 0) return own;
    // A shared host is everybody's: who knows its own conversation is none of those with another.
    if (clues.conversation_ids.length > 0 && found.every((record) => record.shared_host)) break;
    return found;
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
