/** What SQLite keeps of a transaction in which a statement failed. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { defaultSettings } from "../../src/bus/settings";
import { alertFrom, closeAlert } from "../../src/store/alert";
import type { MessageRow } from "../../src/store/message";
import { SqliteDatabase } from "../../src/store/sqlite/database";
import { openConnection } from "../../src/store/sqlite/open";

test("nothing is kept of statements that were started beside one that the full disk refused", async () => {
  const directory = mkdtempSync(join(tmpdir(), "parley-transactions-"));
  const path = join(directory, "messaging.db");
  const c = await openConnection(path, { mode: "create", settings: defaultSettings });
  try {
    const payload = JSON.stringify({ sessions: ["a", "b"], resource: "r", action: "x" });
    c.run(
      `insert into session_messages(sender_id, channel, payload, created_at, message_type, activity, expires_at)
        values ('a', 'operator_alert', $payload, $time, 'project_conflict', 'r', $time)`,
      { payload, time: "2030-01-01T00:00:00.000Z" },
    );
    c.run("insert into deliveries(message_id, session_id) values (1, 'a'), (1, 'b')");
    const [pages] = c.all<{ page_count: number }>("pragma page_count");
    c.run(`pragma max_page_count = ${pages!.page_count}`);
    // The payload that says why the alert ended does not fit, and SQLite takes the transaction back at once.
    const closing = new SqliteDatabase(c).write(async (s) => {
      const row = await s.get<MessageRow>("select * from parley.session_messages where id = 1");
      await closeAlert(s, alertFrom(row!), "x".repeat(20_000), Date.now());
    });
    await expect(closing).rejects.toMatchObject({ code: "not_permitted" });
    expect(c.all("select status from session_messages")).toEqual([{ status: "pending" }]);
    expect(c.all("select read_at, how from deliveries")).toEqual([
      { read_at: null, how: null },
      { read_at: null, how: null },
    ]);
  } finally {
    c.db.close();
    rmSync(directory, { recursive: true });
  }
});
