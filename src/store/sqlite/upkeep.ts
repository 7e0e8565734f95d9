/** Removing rows from a SQLite file, and giving the space back. */
import { timestamp } from "../../bus/clock";
import { grace } from "../retention";
import type { Expired, Upkeep } from "../upkeep";
import type { Checkpoints } from "./checkpoint";
import type { Connection } from "./connection";
import { checkpoint, freePages, reclaimPages, rewrite, shortenLog, shrinks } from "./free-pages";
import { walPages } from "./pragmas";

/** How many pages a batch of a purge reclaims, and how many free ones it leaves for the next messages: 256 KiB. */
const pages = 16;
const spare = 64;

/** SQLite reads both forms in which times were ever stored. A row without a legible time is left alone. */
const lived = (kept: string): string =>
  `unixepoch(created_at) + ${kept} <= unixepoch($until) and created_at <= $until`;

/** Messages of our table whose end another program left open. */
const openEnded: Expired = {
  condition: `expires_at is null and ${lived(
    `case when recipient_id is null then coalesce(ttl_seconds, 300) else ${(2 * grace) / 1000} end`,
  )}`,
  until: timestamp,
};

/** Messages of v1.0. */
const legacyExpired = lived("coalesce(ttl_seconds, 300)");

export const createUpkeep = (c: Connection, checkpoints: Checkpoints): Upkeep => ({
  purge: { budget: 3, rows: 50 },
  openEnded: [openEnded],

  async removeMessages(s, { condition, until }, at, limit) {
    const rows = await s.all<{ id: number; alert: number }>(
      `delete from parley.session_messages where id in (
          select id from parley.session_messages where ${condition} order by expires_at limit $limit)
        returning id, channel = 'operator_alert' as alert`,
      { until: until(at), limit },
    );
    if (rows.length > 0) {
      const ids = rows.map((row) => row.id);
      await s.run("delete from parley.deliveries where message_id = any($ids)", { ids });
    }
    return { all: rows.length, alerts: rows.filter((row) => row.alert === 1).length };
  },

  legacyMessages: {
    async countOverdue(s, at) {
      const row = await s.get<{ count: number }>(
        `select count(*) as count from parley.inter_session_messages where ${legacyExpired}`,
        { until: timestamp(at) },
      );
      return row?.count ?? 0;
    },
    remove: (s, at, limit) =>
      s.run(
        `delete from parley.inter_session_messages where id in (
          select id from parley.inter_session_messages where ${legacyExpired} order by created_at limit $limit)`,
        { until: timestamp(at), limit },
      ),
  },

  shrink(until) {
    do if (freePages(c) <= spare || reclaimPages(c, pages) < pages) return true;
    while (performance.now() < until);
    return false;
  },

  async around(cleanUp) {
    // Else every commit of ours would be followed by a checkpoint within the time that is measured.
    checkpoints.suspended = true;
    await c.inTurn(() => c.db.run("pragma wal_autocheckpoint = 0"));
    try {
      return await cleanUp();
    } finally {
      // As every connection is opened.
      await c.inTurn(() => c.db.run(`pragma wal_autocheckpoint = ${walPages}`));
      checkpoints.suspended = false;
    }
  },

  /**
   * A writer that waits looks again after 1, 2, 5, 10, 15, 20, 25 … ms (SQLite's busy handler), so that short holds with
   * pauses as long let it in soon.
   */
  async afterBatch(held) {
    await c.inTurn(() => checkpoint(c));
    await Bun.sleep(held);
  },

  async giveBack(vacuum, inBatches) {
    if (!vacuum) await inBatches(async (_, limit) => reclaimPages(c, limit));
    const blocked = vacuum ? await rewrite(c) : null;
    await shortenLog(c);
    return blocked;
  },

  shrinks: () => c.inTurn(() => shrinks(c)),
});
