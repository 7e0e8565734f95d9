/** Doing it on the bus. */
import type { ActivityResult } from "../bus/hook-activity";
import type { Bus } from "../bus/bus";
import { livenessNow } from "../bus/caller";
import type { EditPolicy } from "../bus/preferences";
import { register } from "../bus/registration";
import { maxModelLength } from "../bus/registration-request";
import type { RegisterResult, SessionRecord } from "../bus/session";
import { leaseFiles, targetsOf } from "./file-leases";
import type { EventKind, HookAnswer, HookEvent, VendorHooks } from "./event";
import { injection, type Injection } from "./inject-messages";
import { type EventRule, eventRules } from "./event-rules";

export interface HookResponse {
  answer: HookAnswer;
  /** The messages in the answer; null where there are none. */
  mail: Injection | null;
}

/** The end of a turn that is none after all. */
const turnGoesOn: EventRule = { activity: "working", mail: null };

const nothing: HookResponse = { answer: { say: "nothing" }, mail: null };

/** Does what an event is to do on the bus, and says what the agent is to be told. */
export async function respond(
  bus: Bus,
  vendor: VendorHooks,
  event: HookEvent,
  policy: EditPolicy,
): Promise<HookResponse> {
  const duty = eventRules[event.kind];
  if (duty.ends) return endFromHook(bus, vendor, event);
  if (duty.welcomes) return welcomeSession(bus, vendor, event, duty);
  const { record, waiting, joined } = await matchSession(bus, vendor, event, duty);
  if (duty.leases && (event.files.length > 0 || mayChangeTree(event))) {
    return { answer: await guarded(bus, record, event, policy), mail: null };
  }
  // A subagent is not the session that a message is for, and a turn goes on only once.
  const deaf =
    event.subagent || (duty.endsTurn && event.continued) || ignoresContext(vendor, event.kind);
  const mail =
    duty.mail === null || waiting === 0 || deaf
      ? null
      : await injection(bus, record, duty, `hook ${event.name}`);
  // What is shown need not be counted as well.
  const greeted = joined && (mail ? { ...joined, unread: { ...joined.unread, total: 0 } } : joined);
  const text = [greeted && (await welcomeTo(bus, greeted, event)), mail?.text]
    .filter(Boolean)
    .join("\n");
  if (text === "") return nothing;
  if (!duty.endsTurn) return { answer: { say: "context", text }, mail };
  if (!vendor.noStopAfterContinue)
    await recordActivity(bus, vendor, event, turnGoesOn, [record.pid ?? 0]);
  return { answer: { say: "continue", text }, mail };
}

const ignoresContext = ({ ignoresContextAt: deafAt = [] }: VendorHooks, kind: EventKind): boolean =>
  deafAt.includes(kind);

/** Words without which no line of shell makes git change a worktree: reading one with a parser costs some milliseconds. */
const changing =
  /\b(?:checkout|switch|restore|stash|reset|clean|rebase|merge|pull|cherry-pick|revert|am|rm|mv|bisect|worktree)\b/;

export const mayChangeTree = ({ command }: Pick<HookEvent, "command">): boolean =>
  command !== null && /\bgit\b/.test(command) && changing.test(command);

/** Refuses or warns of a change to a worktree under others; otherwise leases the files of the call. */
async function guarded(
  bus: Bus,
  record: SessionRecord,
  event: HookEvent,
  policy: EditPolicy,
): Promise<HookAnswer> {
  if (!mayChangeTree(event) || policy === "off") return leaseFiles(bus, record, event, policy);
  const { guardWorktrees } = await import("./worktrees");
  const guard = await guardWorktrees(bus, record, event, policy);
  if (guard.say === "deny" || event.files.length === 0) return guard;
  const lease = await leaseFiles(bus, record, event, policy);
  if (guard.say !== "context" || lease.say === "deny") return lease;
  return lease.say === "context" ? { say: "context", text: `${guard.text}\n${lease.text}` } : guard;
}

/** The session of an event, registered where it is not known. */
async function matchSession(
  bus: Bus,
  vendor: VendorHooks,
  event: HookEvent,
  duty: EventRule,
): Promise<ActivityResult & { joined: RegisterResult | null }> {
  const known = await recordActivity(bus, vendor, event, duty, near(bus, vendor, event));
  if (known) return { ...known, joined: null };
  const registered = await registerFromHook(bus, vendor, event);
  const { session } = registered;
  const met = await recordActivity(bus, vendor, event, duty, [session.pid ?? 0]);
  if (!met) throw new Error(`${session.session_id} ended while it registered`);
  // A model that hears nothing at the start is welcomed with the first prompt.
  const isFirst = event.kind === "prompt" && ignoresContext(vendor, "start");
  return { ...met, joined: isFirst ? registered : null };
}

async function recordActivity(
  bus: Bus,
  vendor: VendorHooks,
  event: HookEvent,
  duty: EventRule,
  near: readonly number[],
): Promise<ActivityResult | null> {
  const attended = await bus.store.recordActivity(
    {
      llm_vendor: vendorOf(vendor, event),
      session_uuid: event.session_uuid,
      likelyPids: near,
      activity: event.kind === "start" && !event.fresh ? null : duty.activity,
      edited: duty.edits ? targetsOf(bus, event).map((target) => target.file_path) : [],
      ends_turn: duty.endsTurn === true && !event.background,
      mail_from: duty.mail,
      goes_on: duty.endsTurn === true,
      ...(event.kind === "prompt" && !event.subagent && !event.continued
        ? { prompted_by: event.wakePrompt ? ("doorbell" as const) : ("human" as const) }
        : {}),
      permission_mode: event.permission_mode ?? null,
      agent_home: event.agent_home ?? null,
    },
    livenessNow(bus),
  );
  if (attended && attended.touched.length > 0) bus.changeSignal.notify("everyone");
  // Nobody's mail has changed: whoever watches all of the bus hears of it.
  else if (attended?.changed) bus.changeSignal.notify([]);
  return attended;
}

const vendorOf = ({ name }: VendorHooks, event: HookEvent): string => event.vendor ?? name;

const near = (bus: Bus, vendor: VendorHooks, event: HookEvent): readonly number[] =>
  event.pid == null ? bus.identity.likelyPids(vendorOf(vendor, event)) : [event.pid];

const registerFromHook = (
  bus: Bus,
  vendor: VendorHooks,
  event: HookEvent,
): Promise<RegisterResult> =>
  register(bus, {
    vendor: vendorOf(vendor, event),
    own: true,
    pid: event.pid ?? undefined,
    // No word of a vendor's is to keep its session away.
    model: event.model?.slice(0, maxModelLength),
    sessionUuid: event.session_uuid,
    cwd: event.cwd,
  });

async function welcomeSession(
  bus: Bus,
  vendor: VendorHooks,
  event: HookEvent,
  duty: EventRule,
): Promise<HookResponse> {
  // Under another id than that of the conversation, which is then new with the first prompt, when there is a welcome.
  const deaf = ignoresContext(vendor, event.kind);
  const own = deaf ? { ...event, session_uuid: `${event.session_uuid}:start` } : event;
  const registered = await registerFromHook(bus, vendor, own);
  await recordActivity(bus, vendor, own, duty, [registered.session.pid ?? 0]);
  if (deaf) return nothing;
  return { answer: { say: "context", text: await welcomeTo(bus, registered, event) }, mail: null };
}

async function welcomeTo(
  bus: Bus,
  registered: RegisterResult,
  { path }: HookEvent,
): Promise<string> {
  const { welcome } = await import("./welcome");
  return welcome(bus, registered, path);
}

/** Ends the session where it is known. One that nobody has heard of needs no end. */
async function endFromHook(bus: Bus, vendor: VendorHooks, event: HookEvent): Promise<HookResponse> {
  const who = { vendor: vendorOf(vendor, event), own: true, pid: event.pid ?? undefined };
  const agent = (): number => bus.identity.agent(who).pid;
  const known =
    (await recordActivity(bus, vendor, event, eventRules.end, near(bus, vendor, event))) ??
    (await recordActivity(bus, vendor, event, eventRules.end, [agent()]));
  if (!known) return nothing;
  const reason = `session ended${event.reason === null ? "" : `: ${event.reason.slice(0, 80)}`}`;
  await bus.store.endSession(known.record.session_id, reason, livenessNow(bus));
  bus.changeSignal.notify("everyone");
  return nothing;
}
