/** A SQLite file that is read to be copied. */
import type { Claim } from "../../bus/claim";
import { defaultSettings } from "../../bus/settings";
import { wakeColumns } from "../agent-wake";
import { claimColumns } from "../claim";
import { lockColumns, lockFrom, type LockRow } from "../lock";
import { messageColumns, type MessageRow } from "../message";
import type { LoopRow } from "../message-loop";
import type { SessionRow } from "../session";
import type { DeliveryRow, Source } from "../source";
import { closeConnection } from "./checkpoint";
import { dialect } from "./dialect";
import { openConnection } from "./open";

/** Opens a bus to be copied. Throws like `openSqliteStore`. */
export async function openSource(path: string): Promise<Source> {
  const c = await openConnection(path, { mode: "read", settings: defaultSettings });
  return {
    sessions: () => c.all<SessionRow>("select * from session_registry order by rowid"),
    messages: (after, limit) => {
      const messages = c.all<MessageRow>(
        `select ${messageColumns} from session_messages m where id > $after order by id limit $limit`,
        { after, limit },
      );
      const deliveries = c.all<DeliveryRow>(
        `select message_id, session_id, announced_at, delivered_at, read_at, how, ${wakeColumns} from deliveries d
          where message_id > $after and message_id <= $last`,
        { after, last: messages.at(-1)?.id ?? after },
      );
      return { messages, deliveries };
    },
    locks: () =>
      c
        .all<LockRow>(`select ${lockColumns({ dialect })} from file_locks order by file_path`)
        .map(lockFrom),
    claims: () => c.all<Claim>(`select ${claimColumns} from task_claims order by task_id`),
    loops: () => c.all<LoopRow>("select one, other, closed_at from message_loops"),
    close: () => closeConnection(c),
  };
}
