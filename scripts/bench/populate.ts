/** Fills a database with sessions and stored messages. */
import { Database } from "bun:sqlite";

/**
 * Inserts sessions that no command judges dead (their heartbeats lie ahead) and stored messages of a day, straight into
 * the tables: only the size matters here.
 */
export function populate(path: string, sessions: number, messages: number): void {
  const db = new Database(path);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const now = new Date().toISOString();
  const session = db.query(
    `insert into session_registry(session_id, llm_vendor, pid, project_id, cwd, heartbeat_at, registered_at, status,
        session_uuid, machine_uuid, hostname, liveness)
      values (?1, 'kimi', ?2, ?1, '/bench/' || ?1, ?3, ?4, 'active', ?1, 'bench', 'bench', 'heartbeat')`,
  );
  const message = db.query(
    `insert into session_messages(sender_id, channel, payload, created_at, ttl_seconds, recipient_id, message_type,
        priority, status, expires_at, delivered_at)
      values (?1, 'coordination', '{"message":"stored"}', ?2, 86400, ?3, 'directed', 2, 'read', ?4, ?2)`,
  );
  db.transaction(() => {
    for (let n = 1; n <= sessions; n++)
      session.run(`kimi-${9_000_000 + n}`, 9_000_000 + n, tomorrow, now);
    for (let n = 0; n < messages; n++) {
      const [from, to] = [n, n + 1].map(
        (index) => `kimi-${9_000_000 + (index % Math.max(1, sessions))}`,
      );
      message.run(from ?? "", now, to ?? "", tomorrow);
    }
  })();
  db.close();
}
