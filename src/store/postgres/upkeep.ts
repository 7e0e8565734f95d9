/** Removing rows on a server, and giving the space back. */
import type { Upkeep } from "../upkeep";
import type { Connection } from "./connection";

const tables = ["session_registry", "session_messages", "deliveries", "file_locks", "task_claims"];

export const createUpkeep = (connection: Connection): Upkeep => ({
  purge: { budget: 5, rows: 100 },
  openEnded: [],

  /**
   * In one statement, since no lock is held around it. By an array of ids: where it joins instead, the server may read
   * through a table. The condition stands twice, for an alert that is raised again just now.
   */
  async removeMessages(s, { condition, until }, at, limit) {
    const row = await s.get<{ all: number; alerts: number }>(
      `with gone as (
          delete from parley.session_messages where ${condition} and id = any(array(
            select id from parley.session_messages where ${condition} order by expires_at limit $limit))
          returning id, channel),
        seen as (delete from parley.deliveries where message_id = any(array(select id from gone))),
        highest as (
          update parley.upkeep set removed_to = greatest(removed_to, (select max(id) from gone))
            where id = 1 and exists (select 1 from gone))
        select count(*) as all, count(*) filter (where channel = 'operator_alert') as alerts from gone`,
      { until: until(at), limit },
    );
    return row!;
  },

  around: (cleanUp) => cleanUp(),
  async afterBatch() {},

  async giveBack(vacuum) {
    const started = performance.now();
    for (const table of tables) {
      await connection.script(`vacuum ${vacuum ? "(full)" : ""} parley.${table}`);
    }
    return vacuum ? performance.now() - started : null;
  },

  shrinks: async () => true,
});
