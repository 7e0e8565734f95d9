/** Setting the current task. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { TaskChange } from "../../bus/store";
import { settleAlerts } from "./alert";
import { detectConflicts } from "./conflict";
import type { Queries } from "./queries";
import { holdings, liveRecord, requireLive, tend } from "./session";

export async function setTask(
  c: Queries,
  session_id: string,
  task_id: string | null,
  liveness: Liveness,
): Promise<TaskChange> {
  const before = await requireLive(c, session_id);
  await c.run(
    `update parley.session_registry set task_id = $task_id, heartbeat_at = $now
      where session_id = $session_id`,
    { session_id, task_id, now: timestamp(liveness.now) },
  );
  const record = { ...before, task_id };
  const changed = before.task_id !== task_id;
  if (changed) await settleAlerts(c, session_id, liveness.now, "changed its task");
  const conflicts = await detectConflicts(c, record, liveness, changed);
  await tend(c, session_id, liveness);
  return {
    record: (await liveRecord(c, session_id)) ?? record,
    conflicts,
    holdings: await holdings(c, session_id, liveness.now),
    touched: [session_id, ...new Set(conflicts.map((conflict) => conflict.session_id))],
  };
}
