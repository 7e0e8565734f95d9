/** Sends messages, resolves their targets and waits for their delivery. */
import type { Bus } from "./bus";
import { type Actor, livenessNow, refreshHeartbeat } from "./caller";
import { ParleyError } from "./errors";
import type { Liveness } from "./liveness";
import {
  type Correspondent,
  operatorId,
  type SendResult,
  type SentResult,
  type MessageState,
} from "./message";
import { checkedPayload } from "./limits";
import { sessionIdForm, type SessionRecord } from "./session";
import { waitFor } from "./wait-loop";
import { wakeRecipient } from "./wake-recipient";

export interface SendRequest {
  /** A session id or name, `operator`, `holder:PATH`, `task:ID`, or null: all active sessions. */
  target: string | null;
  /** Where the target is null: only sessions of this project. */
  project: string | null;
  /** Either the text or the payload. */
  text: string | null;
  payload: Record<string, unknown> | null;
  channel: string;
  priority: number;
  replyTo: number | null;
  /** Wakes idle recipients, as priority 3 does, where their users allow that. */
  wake?: boolean;
}

const correspondent = (record: SessionRecord): Correspondent => ({
  session_id: record.session_id,
  name: record.name,
  llm_vendor: record.llm_vendor,
  llm_model: record.llm_model,
  project_id: record.project_id,
});

/** Sends one message a recipient; an inactive one gets it on registering. Then wakes where wanted, for two seconds at most. */
export async function send(bus: Bus, actor: Actor, request: SendRequest): Promise<SendResult> {
  const payload = checkedPayload(request, actor.id);
  const liveness = livenessNow(bus);
  const found = request.target === null ? null : await resolveTarget(bus, request.target);
  const messages = await bus.store.sendMessages(
    {
      sender_id: actor.id,
      sender_session_uuid: actor.record?.session_uuid ?? null,
      recipients: found ? { ids: [found.id] } : { all: true, project_id: request.project },
      channel: request.channel,
      payload,
      message_type: found ? "directed" : "broadcast",
      priority: request.priority,
      project_id: actor.record?.project_id ?? null,
      task_id: actor.record?.task_id ?? null,
      reply_to: request.replyTo,
    },
    liveness,
  );
  const ids = messages.map((message) => message.recipient_id ?? "");
  if (!bus.store.announces) bus.changeSignal.notify(ids);
  const queued = found !== null && found.record === null && found.id !== operatorId;
  // The list is needed only for a broadcast and for a target that is not active.
  const live = found && !queued ? [] : await bus.store.liveSessions(liveness);
  const active = live.map(correspondent);
  const byId = new Map(active.map((each) => [each.session_id, each]));
  const records = new Map(
    [...live, ...(found?.record ? [found.record] : [])].map((each) => [each.session_id, each]),
  );
  const outlooks = messages.map((message, index) => {
    const recipient_id = ids[index] ?? "";
    const record = records.get(recipient_id) ?? null;
    const attempt = { message_id: message.id, sender_id: actor.id, recipient_id, record };
    const { priority, wake: wanted = false } = request;
    return wakeRecipient(bus, { ...attempt, priority, wanted }, liveness);
  });
  return {
    messages,
    recipients: messages.length,
    queued,
    recipient_sessions: found
      ? found.record
        ? [correspondent(found.record)]
        : []
      : ids.flatMap((id) => byId.get(id) ?? []),
    active_sessions: queued ? active : [],
    outlooks: await Promise.all(outlooks),
  };
}

interface Target {
  id: string;
  /** Null where no active session has that id. */
  record: SessionRecord | null;
}

async function resolveTarget(bus: Bus, target: string): Promise<Target> {
  if (target === operatorId) return { id: operatorId, record: null };
  const liveness = livenessNow(bus);
  const held = /^(holder|task):(.+)$/s.exec(target);
  if (held?.[2] !== undefined) return holderOf(bus, held[1] === "task", held[2], liveness);
  const alive = (await bus.store.sessionsCalled(target)).filter(
    (record) => liveness.judge(record).ended === null,
  );
  const ids = alive.map((each) => each.session_id);
  if (ids.length > 1) throw ambiguous(target, ids);
  const [record] = alive;
  if (record) return { id: record.session_id, record };
  if (sessionIdForm.test(target)) return { id: target, record: null };
  throw new ParleyError("invalid", `No session can be called ${JSON.stringify(target)}`, {
    hint: "see who is there with parley status; a text of several words needs quotes",
    details: { target },
  });
}

/** The session that has locked a path (`holder:PATH`) or claimed a task (`task:ID`). */
async function holderOf(
  bus: Bus,
  isTask: boolean,
  name: string,
  liveness: Liveness,
): Promise<Target> {
  const ids = isTask
    ? [(await bus.store.claimOn(name, liveness))?.session_id]
    : (await bus.store.locksOn([bus.identity.file(name).file_path], liveness)).map(
        (lock) => lock.session_id,
      );
  const holders = [...new Set(ids.filter((id) => id !== undefined))];
  const [only] = holders;
  if (only === undefined) {
    const message = isTask ? `Nobody claims ${name}` : `Nobody holds a lock on ${name}`;
    throw new ParleyError("not_found", message, { hint: "see parley status --locks --claims" });
  }
  if (holders.length > 1) throw ambiguous(name, holders);
  return { id: only, record: await bus.store.session(only) };
}

const ambiguous = (target: string, candidates: string[]): ParleyError =>
  new ParleyError("invalid", `"${target}" could be ${candidates.join(" or ")}`, {
    hint: "name one of them",
    details: { candidates },
  });

/** How many sent messages are listed (R97). */
const sentLimit = 10;

/** What the actor has sent, newest first. */
export async function sent(bus: Bus, actor: Actor): Promise<SentResult> {
  if (actor.record) await refreshHeartbeat(bus, actor.record.session_id);
  return bus.store.sentMessages(actor.id, sentLimit, bus.clock.now());
}

const hasReached: Record<"delivered" | "read" | "reply", (state: MessageState) => boolean> = {
  delivered: ({ status }) => status !== "pending",
  read: ({ status }) => status === "read",
  reply: ({ reply }) => reply !== null,
};

/** Waits until all messages that were sent are delivered, read or answered. Throws `timeout`; they stay sent. */
export async function awaitState(
  bus: Bus,
  result: SendResult,
  wanted: keyof typeof hasReached,
  timeout: number,
): Promise<SendResult> {
  const ids = result.messages.map((message) => message.id);
  const sender = result.messages[0]?.sender_id;
  const mail = sender === undefined ? null : { to: sender };
  let states: MessageState[] = [];
  const done = await waitFor(bus, { until: bus.clock.now() + timeout, mail }, async () => {
    states = await bus.store.messageStates(ids);
    return states.length === ids.length && states.every(hasReached[wanted]) ? states : null;
  });
  if (!done) {
    const missing = wanted === "reply" ? "answered" : wanted;
    throw new ParleyError("timeout", `Sent, but not ${missing} in time`, {
      hint: "see how it stands with parley message --sent --status",
      details: { messages: states },
    });
  }
  const messages = await bus.store.messages(ids);
  if (wanted !== "reply") return { ...result, messages };
  const replies = await bus.store.messages(done.flatMap(({ reply }) => reply ?? []));
  return { ...result, messages, replies };
}
