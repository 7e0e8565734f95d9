/** Does on the bus what an event calls for, and decides what the agent is told. */
import type { ActivityResult } from "../bus/hook-activity";
import type { Bus } from "../bus/bus";
import { livenessNow } from "../bus/caller";
import type { EditPolicy } from "../bus/preferences";
import { register } from "../bus/registration";
import { maxModelLength } from "../bus/limits";
import type { RegisterResult, SessionRecord } from "../bus/session";
import { leaseFiles, targetsOf } from "./file-leases";
import {
  type EventKind,
  type EventRule,
  eventRules,
  type HookAnswer,
  type HookEvent,
  type VendorHooks,
} from "./event";
import { type Injection, injectMessages } from "./inject-messages";

/** An event, and what it happens on. */
interface HookCall {
  bus: Bus;
  vendor: VendorHooks;
  event: HookEvent;
}

export interface HookResponse {
  /** Null where the agent is told nothing. */
  answer: HookAnswer | null;
  /** The messages in the answer; null where there are none. */
  injection: Injection | null;
}

/** The rule for a turn that goes on after its end. */
const turnGoesOn: EventRule = { activity: "working", mail: null };

const nothing: HookResponse = { answer: null, injection: null };

/** Does what an event calls for on the bus, and returns what the agent is told. */
export async function respond(call: HookCall, policy: EditPolicy): Promise<HookResponse> {
  const { bus, vendor, event } = call;
  const rule = eventRules[event.kind];
  if (rule.ends) return endFromHook(call);
  if (rule.welcomes) return welcomeSession(call, rule);
  const { record, waiting, newcomer } = await matchSession(call, rule);
  if (rule.leases && (event.files.length > 0 || mayChangeTree(event))) {
    return { answer: await guardCall(call, record, policy), injection: null };
  }
  // A subagent is not the session that a message is for, and a turn goes on only once.
  const takesNone =
    event.subagent || (rule.endsTurn && event.continued) || ignoresContext(vendor, event.kind);
  const injection =
    rule.mail === null || waiting === 0 || takesNone
      ? null
      : await injectMessages(bus, record, rule, `hook ${event.name}`);
  // Messages that are shown here are not counted as unread as well.
  const welcomed =
    newcomer && (injection ? { ...newcomer, unread: { ...newcomer.unread, total: 0 } } : newcomer);
  const text = [welcomed && (await welcomeText(bus, welcomed, event)), injection?.text]
    .filter(Boolean)
    .join("\n");
  if (text === "") return nothing;
  if (!rule.endsTurn) return { answer: { say: "context", text }, injection };
  if (!vendor.noStopAfterContinue) await recordActivity(call, turnGoesOn, [record.pid ?? 0]);
  return { answer: { say: "continue", text }, injection };
}

const ignoresContext = ({ ignoresContextAt = [] }: VendorHooks, kind: EventKind): boolean =>
  ignoresContextAt.includes(kind);

/** A line of shell with none of these words makes git change no worktree, and is not parsed: that takes milliseconds. */
const changing =
  /\b(?:checkout|switch|restore|stash|reset|clean|rebase|merge|pull|cherry-pick|revert|am|rm|mv|bisect|worktree)\b/;

export const mayChangeTree = ({ command }: Pick<HookEvent, "command">): boolean =>
  command !== null && /\bgit\b/.test(command) && changing.test(command);

/** Refuses or warns of a change to a worktree that other sessions use; otherwise leases the files of the call. */
async function guardCall(
  { bus, event }: HookCall,
  record: SessionRecord,
  policy: EditPolicy,
): Promise<HookAnswer | null> {
  if (!mayChangeTree(event) || policy === "off") return leaseFiles(bus, record, event, policy);
  const { guardWorktrees } = await import("./worktrees");
  const guard = await guardWorktrees(bus, record, event, policy);
  if (guard?.say === "deny" || event.files.length === 0) return guard;
  const lease = await leaseFiles(bus, record, event, policy);
  if (!guard || lease?.say === "deny") return lease;
  return lease ? { say: "context", text: `${guard.text}\n${lease.text}` } : guard;
}

/** The session of an event. It is registered where it is not known, and is the `newcomer` where its model is to be welcomed. */
async function matchSession(
  call: HookCall,
  rule: EventRule,
): Promise<ActivityResult & { newcomer: RegisterResult | null }> {
  const known = await recordActivity(call, rule, likelyPids(call));
  if (known) return { ...known, newcomer: null };
  const registered = await registerFromHook(call);
  const { session } = registered;
  const result = await recordActivity(call, rule, [session.pid ?? 0]);
  if (!result) throw new Error(`${session.session_id} ended while it registered`);
  // A model that is shown nothing at the start is welcomed with the first prompt.
  const isFirst = call.event.kind === "prompt" && ignoresContext(call.vendor, "start");
  return { ...result, newcomer: isFirst ? registered : null };
}

async function recordActivity(
  call: HookCall,
  rule: EventRule,
  pids: readonly number[],
): Promise<ActivityResult | null> {
  const { bus, event } = call;
  const result = await bus.store.recordActivity(
    {
      llm_vendor: vendorOf(call),
      session_uuid: event.session_uuid,
      likelyPids: pids,
      activity: event.kind === "start" && !event.fresh ? null : rule.activity,
      edited: rule.edits ? targetsOf(bus, event).map((target) => target.file_path) : [],
      ends_turn: rule.endsTurn === true && !event.background,
      mail_from: rule.mail,
      goes_on: rule.endsTurn === true,
      ...(event.kind === "prompt" && !event.subagent && !event.continued
        ? { prompted_by: event.wakePrompt ? ("wake" as const) : ("human" as const) }
        : {}),
      permission_mode: event.permission_mode ?? null,
      agent_home: event.agent_home ?? null,
    },
    livenessNow(bus),
  );
  if (result && result.touched.length > 0) bus.changeSignal.notify("everyone");
  // No mailbox changed, so only processes that watch the whole bus are notified.
  else if (result?.changed) bus.changeSignal.notify([]);
  return result;
}

const vendorOf = ({ vendor, event }: HookCall): string => event.vendor ?? vendor.name;

const likelyPids = (call: HookCall): readonly number[] =>
  call.event.pid == null ? call.bus.identity.likelyPids(vendorOf(call)) : [call.event.pid];

/** The agent that the event is of. */
const agentRequest = (call: HookCall) => ({
  vendor: vendorOf(call),
  own: true,
  pid: call.event.pid ?? undefined,
});

const registerFromHook = (call: HookCall): Promise<RegisterResult> =>
  register(call.bus, {
    ...agentRequest(call),
    // A vendor's model name of any length must not fail the registration.
    model: call.event.model?.slice(0, maxModelLength),
    sessionUuid: call.event.session_uuid,
    cwd: call.event.cwd,
  });

async function welcomeSession(call: HookCall, rule: EventRule): Promise<HookResponse> {
  const { bus, vendor, event } = call;
  // Where the model is shown nothing now, the row gets another id than the conversation's. So the conversation is new with
  // the first prompt, and is welcomed then.
  const ignored = ignoresContext(vendor, event.kind);
  const session_uuid = ignored ? `${event.session_uuid}:start` : event.session_uuid;
  const own = { ...call, event: { ...event, session_uuid } };
  const registered = await registerFromHook(own);
  await recordActivity(own, rule, [registered.session.pid ?? 0]);
  if (ignored) return nothing;
  const text = await welcomeText(bus, registered, event);
  return { answer: { say: "context", text }, injection: null };
}

async function welcomeText(
  bus: Bus,
  registered: RegisterResult,
  { path }: HookEvent,
): Promise<string> {
  const { welcome } = await import("./welcome");
  return welcome(bus, registered, path);
}

/** Ends the session where it is known. */
async function endFromHook(call: HookCall): Promise<HookResponse> {
  const { bus, event } = call;
  const known =
    (await recordActivity(call, eventRules.end, likelyPids(call))) ??
    (await recordActivity(call, eventRules.end, [bus.identity.agent(agentRequest(call)).pid]));
  if (!known) return nothing;
  const reason = `session ended${event.reason === null ? "" : `: ${event.reason.slice(0, 80)}`}`;
  await bus.store.endSession(known.record.session_id, reason, livenessNow(bus));
  bus.changeSignal.notify("everyone");
  return nothing;
}
