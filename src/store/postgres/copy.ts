/** Copying a bus into the one on a server. */
import type { Copied } from "../../bus/doctor";
import type { Statements } from "../database";
import { machineOf } from "../lock-path";
import { messageFrom, type MessageRow } from "../message";
import { pair } from "../message-loop";
import { sessionFrom, sessionRow, type SessionRow } from "../session";
import type { DeliveryRow, Source } from "../source";
import type { Connection } from "./connection";

/** Messages copied at once; meanwhile all other writers wait. */
const batch = 500;

interface Copy {
  /** What tells its messages from those of any other bus. */
  origin: string;
  /** Ids of sessions where they had to be changed, since another machine's session has the same. */
  renamed: Map<string, string>;
  copied: Copied;
  present: Copied;
}

const none = (): Copied => ({ sessions: 0, messages: 0, locks: 0, claims: 0 });

/**
 * Copies a bus into this one. Its messages get new ids, in their order; what was copied before is left as it is, so that
 * it can be done again after an interruption, or for what has come since.
 */
export async function copyFrom(
  connection: Connection,
  source: Source,
  origin: string,
): Promise<{ copied: Copied; present: Copied }> {
  const copy: Copy = { origin, renamed: new Map(), copied: none(), present: none() };
  const sessions = source.sessions();
  const fresh = await connection.write((s) => copySessions(s, sessions, copy));
  for (let after = 0; ;) {
    const page = source.messages(after, batch);
    await connection.write((s) => copyMessages(s, page, copy));
    const last = page.messages.at(-1);
    if (!last) break;
    after = last.id;
  }
  await connection.write(async (s) => {
    for (const row of fresh) await copyEnd(s, row, copy);
    await copyHoldings(s, source, sessions, copy);
    await copyLoops(s, source, copy);
  });
  return { copied: copy.copied, present: copy.present };
}

const newId = ({ renamed }: Copy, id: string): string => renamed.get(id) ?? id;
const originOf = ({ origin }: Copy, id: number | null): string | null =>
  id === null ? null : `${origin}:${id}`;

/** Returns those that were not there. */
async function copySessions(
  s: Statements,
  rows: readonly SessionRow[],
  copy: Copy,
): Promise<SessionRow[]> {
  const fresh: SessionRow[] = [];
  for (const row of rows) {
    const place = await placeOf(s, row);
    if (place.session_id !== row.session_id) copy.renamed.set(row.session_id, place.session_id);
    if (place.isTaken) copy.present.sessions++;
    else {
      await insertSession(s, row, place.session_id);
      copy.copied.sessions++;
      fresh.push(row);
    }
  }
  return fresh;
}

/** The id that a session has or gets: its own, or the first with a suffix that is no other session's. */
async function placeOf(
  s: Statements,
  { session_id: own, machine_uuid, registered_at }: SessionRow,
): Promise<{ session_id: string; isTaken: boolean }> {
  for (let suffix = 1; ; suffix++) {
    const session_id = suffix === 1 ? own : `${own}-${suffix}`;
    const row = await sessionRow(s, session_id);
    if (!row) return { session_id, isTaken: false };
    const isSame = row.machine_uuid === (machine_uuid ?? "") && row.registered_at === registered_at;
    if (isSame) return { session_id, isTaken: true };
  }
}

async function insertSession(s: Statements, row: SessionRow, session_id: string): Promise<void> {
  const record = sessionFrom(row);
  const isNameTaken = await s.get(
    "select 1 from parley.session_registry where name = $name and status <> 'terminated'",
    { name: row.name },
  );
  await s.run(
    `insert into parley.session_registry(session_id, llm_vendor, llm_model, tty, pid, project_id, task_id, active_files, edited_files,
        activity, activity_since, heartbeat_at, registered_at, status, session_uuid, machine_uuid, hostname, cwd, name, liveness, boot_id, host_id,
        pid_namespace, start_ticks, promised_beats, shared_host, permission_mode, agent_home, prompted_at, hooked_at, woken_at, rung_at,
        ended_at, end_reason)
      values ($session_id, $llm_vendor, $llm_model, $tty, $pid, $project_id, $task_id, $active_files, $edited_files,
        $activity, $activity_since, $heartbeat_at, $registered_at, $status, $session_uuid, $machine_uuid, $hostname, $cwd, $name, $liveness, $boot_id,
        $host_id, $pid_namespace, $start_ticks, $promised_beats, $shared_host, $permission_mode, $agent_home, $prompted_at, $hooked_at,
        $woken_at, $rung_at, $ended_at, $end_reason)`,
    {
      ...row,
      session_id,
      status: record.stored_status,
      liveness: record.liveness,
      machine_uuid: row.machine_uuid ?? "",
      name: isNameTaken === null ? row.name : null,
      promised_beats: row.promised_beats ?? 0,
      shared_host: row.shared_host ?? 0,
      ended_at: record.stored_status === "terminated" ? (row.ended_at ?? row.heartbeat_at) : null,
    },
  );
}

async function copyMessages(
  s: Statements,
  page: { messages: readonly MessageRow[]; deliveries: readonly DeliveryRow[] },
  copy: Copy,
): Promise<void> {
  const inserted = await Promise.all(page.messages.map((row) => insertRow(s, row, copy)));
  const count = inserted.reduce((sum, each) => sum + each, 0);
  copy.copied.messages += count;
  copy.present.messages += page.messages.length - count;
  await Promise.all(
    page.deliveries.map(({ message_id, session_id, ...row }) =>
      s.run(
        `insert into parley.deliveries(message_id, session_id, announced_at, delivered_at, read_at, how,
            wake_at, wake_way, wake_outcome, wake_reason)
          select id, $session_id, $announced_at, $delivered_at, $read_at, $how,
            $wake_at, $wake_way, $wake_outcome, $wake_reason
            from parley.session_messages where origin = $origin
          on conflict do nothing`,
        {
          ...row,
          session_id: newId(copy, session_id),
          origin: originOf(copy, message_id),
        },
      ),
    ),
  );
}

function insertRow(s: Statements, row: MessageRow, copy: Copy): Promise<number> {
  const message = messageFrom(row);
  return s.run(
    `insert into parley.session_messages(sender_id, channel, payload, created_at, ttl_seconds, sender_session_uuid,
        recipient_id, message_type, priority, status, project_id, task_id, activity, reply_to, expires_at, delivered_at,
        read_at, origin)
      values ($sender_id, $channel, $payload, $created_at, $ttl_seconds, $sender_session_uuid, $recipient_id,
        $message_type, $priority, $status, $project_id, $task_id, $activity,
        (select id from parley.session_messages where origin = $reply), $expires_at, $delivered_at, $read_at, $origin)
      on conflict do nothing`,
    {
      ...row,
      sender_id: newId(copy, row.sender_id),
      recipient_id: row.recipient_id && newId(copy, row.recipient_id),
      message_type: message.message_type,
      priority: message.priority,
      status: message.status,
      ttl_seconds: message.ttl_seconds,
      expires_at: message.expires_at,
      reply: originOf(copy, row.reply_to),
      origin: originOf(copy, row.id),
    },
  );
}

/** The message that told of its end has another id now. */
async function copyEnd(s: Statements, row: SessionRow, copy: Copy): Promise<void> {
  if (row.ended_message_id === null) return;
  await s.run(
    `update parley.session_registry set ended_message_id =
        (select id from parley.session_messages where origin = $origin)
      where session_id = $session_id`,
    {
      session_id: newId(copy, row.session_id),
      origin: originOf(copy, row.ended_message_id),
    },
  );
}

/** Who waits for something waits for it in the bus that is copied, so that queues stay there. */
async function copyLoops(s: Statements, source: Source, copy: Copy): Promise<void> {
  for (const { one, other, closed_at } of source.loops()) {
    const both = pair(newId(copy, one), newId(copy, other));
    await s.run(
      `insert into parley.message_loops(one, other, closed_at) values ($one, $other, $closed_at)
        on conflict do nothing`,
      { ...both, closed_at },
    );
  }
}

async function copyHoldings(
  s: Statements,
  source: Source,
  sessions: readonly SessionRow[],
  copy: Copy,
): Promise<void> {
  const machines = new Map(sessions.map((row) => [row.session_id, row.machine_uuid]));
  const fenceOf = "(select id from parley.session_messages where origin = $fence)";
  for (const { fence, ...lock } of source.locks()) {
    const machine = machines.get(lock.session_id) ?? "";
    const count = await s.run(
      `insert into parley.file_locks(machine_uuid, file_path, session_id, lock_type, locked_at, expires_at, repository,
          repository_path, fence)
        values ($machine_uuid, $file_path, $session_id, $lock_type, $locked_at, $expires_at, $repository,
          $repository_path, ${fenceOf})
        on conflict do nothing`,
      {
        ...lock,
        session_id: newId(copy, lock.session_id),
        machine_uuid: machineOf(lock.file_path, machine),
        // What it is called on all machines is found out when it is locked again.
        repository: lock.repository && `${machine}:${lock.repository}`,
        fence: originOf(copy, fence),
      },
    );
    copy.copied.locks += count;
    copy.present.locks += 1 - count;
  }
  for (const { fence, ...claim } of source.claims()) {
    const count = await s.run(
      `insert into parley.task_claims(task_id, session_id, claim_type, project_id, claimed_at, expires_at, fence)
        values ($task_id, $session_id, $claim_type, $project_id, $claimed_at, $expires_at, ${fenceOf})
        on conflict do nothing`,
      { ...claim, session_id: newId(copy, claim.session_id), fence: originOf(copy, fence) },
    );
    copy.copied.claims += count;
    copy.present.claims += 1 - count;
  }
}
