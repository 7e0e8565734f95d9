/** Calls every operation of the store once. */
import type { Store } from "../../src/bus/store";
import { agent, draft, everything, start } from "./fixture";

/** Calls every operation of an empty store, in an order in which each has something to do. */
export async function everyOperation(store: Store): Promise<void> {
  const dead = new Set<string>();
  const liveness = {
    now: start,
    processState: () => "running" as const,
    judge: (record: { session_id: string }) => ({
      status: "active" as const,
      process_state: "running" as const,
      ended: dead.has(record.session_id) ? "process exited" : null,
    }),
  };
  const place = { project_id: "P", cwd: "/repo", task_id: "H.1", session_uuid_known: true };
  await store.registerSession(agent("claude", 1, { ...place, name: "one" }), liveness);
  await store.registerSession(agent("codex", 2, { ...place, name: "two" }), liveness);
  await store.registerSession(agent("codex", 2, { ...place, project_id: "Q" }), liveness);
  await store.setTask("claude-1", "H.2", liveness);
  await store.sessionsCalled("one");
  const evidence = { session: null, ancestors: [], conversation_ids: ["c"], tty: "/dev/pts/1" };
  await store.sessionsByEvidence(
    { ...evidence, ancestors: agent("x", 9).evidence ? [agent("x", 9).evidence!] : [] },
    "m",
  );
  const [message] = await store.sendMessages(draft("claude-1", "codex-2"), liveness);
  await store.sendMessages(draft("codex-2", "claude-1", { reply_to: message?.id ?? 0 }), liveness);
  await store.sendMessages(
    draft("codex-2", "", { recipients: { all: true, project_id: null } }),
    liveness,
  );
  await store.openInbox({ mailbox: "claude-1", channel: null, limit: 1, peek: false }, liveness);
  const mail = { mailbox: "claude-1", channel: null, limit: 1, peek: false, fresh_from: 2 };
  await store.openInbox(mail, liveness);
  await store.markAnnounced("claude-1", [1], start);
  await store.markDelivered("claude-1", [1, 2], "test", start);
  await store.markRead("claude-1", null, liveness);
  await store.markAlertsDelivered([1], start);
  await store.sentMessages("claude-1", 10, start);
  await store.heartbeat("claude-1", liveness);
  await store.holdings("claude-1", start);
  await store.lifecycle(20);
  const queue = {
    waiting: { process: agent("x", 9).evidence!, until: start + 1000 },
    ticket: null,
  };
  const target = { file_path: "/r/a/b", repository: "/r/.git", repository_path: "a/b" };
  const lock = { targets: [target], lock_type: "advisory" as const, ttl: null, force: false };
  await store.acquireLocks(
    { session_id: "claude-1", ...lock, waiting: null, ticket: null },
    liveness,
  );
  await store.acquireLocks(
    { session_id: "codex-2", ...lock, targets: [], auto: true, waiting: null, ticket: null },
    liveness,
  );
  const lease = { ...target, file_path: "/r/c" };
  await store.acquireLocks(
    {
      session_id: "claude-1",
      ...lock,
      targets: [lease],
      ttl: 600_000,
      auto: true,
      waiting: null,
      ticket: null,
    },
    liveness,
  );
  const event = {
    llm_vendor: "claude",
    session_uuid: "uuid-claude-1",
    likelyPids: [1],
    edited: ["/r/c"],
  };
  await store.recordActivity(
    { ...event, activity: "working", ends_turn: false, mail_from: 0 },
    liveness,
  );
  const loops = { goes_on: true, prompted_by: "human", permission_mode: "plan" } as const;
  await store.recordActivity(
    { ...event, activity: "idle", ends_turn: true, mail_from: 2, ...loops },
    liveness,
  );
  await store.recordActivity(
    { ...event, activity: "idle", ends_turn: true, mail_from: 2, prompted_by: "wake" },
    liveness,
  );
  await store.permitWake({ session_id: "claude-1", sender_id: "codex-2" }, liveness);
  const failed = { way: "claude socket", outcome: "failed", reason: "gone" } as const;
  await store.recordWake({ message_id: 1, session_id: "claude-1", ...failed }, start);
  const peek = { mailbox: "claude-1", channel: null, limit: 9, peek: true, fresh_from: 0 };
  await store.openInbox({ ...peek, unlooped: true }, liveness);
  const waiter = await store.acquireLocks({ session_id: "codex-2", ...lock, ...queue }, liveness);
  if (waiter.kind === "blocked" && waiter.ticket !== null) await store.leaveQueue(waiter.ticket);
  const claim = { task_id: "H.9", ttl: null };
  await store.acquireClaim(
    { session_id: "claude-1", ...claim, waiting: null, ticket: null },
    liveness,
  );
  await store.acquireClaim({ session_id: "codex-2", ...claim, ...queue }, liveness);
  await store.locksOn(["/r"], liveness);
  await store.claimOn("H.9", liveness);
  await store.conflictsOf("claude-1", liveness);
  const alerts = await store.alerts(20, start);
  await store.acknowledge([alerts[0]?.id ?? 0], "claude-1", start);
  await store.recentMessages(everything(20), start);
  await store.publishMessage(
    { ...draft("claude-1", ""), message_type: "published", channel: "state", ttl: null },
    liveness,
  );
  await store.messagesAfter({ ...everything(20), since: 1 }, start);
  await store.messagesAfter({ since: 1, limit: 9, channels: ["state"], directed: null }, start);
  await store.newestId();
  await store.messageStates([1, 2]);
  await store.releaseLocks("claude-1", ["/r/a/b"], liveness);
  await store.releaseClaims("claude-1", null, liveness);
  await store.overdue(liveness);
  await store.cleanUp(liveness, { vacuum: false });
  dead.add("codex-2");
  await store.overview(liveness);
  await store.registerSession(
    agent("codex", 2, { ...place, evidence: null, session_uuid: "new" }),
    liveness,
  );
}
