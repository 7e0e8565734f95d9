/** Events of agents, what each of them does on the bus, and the answers to them, for all vendors alike. */
import type { Activity } from "../bus/session";

/** What happened in an agent. */
export type EventKind =
  | "start"
  | "prompt"
  | "before-tool"
  | "after-tool"
  | "permission"
  | "waiting"
  | "other"
  | "stop"
  | "interrupted"
  | "switch"
  | "end";

/** One call of a hook, of any vendor. */
export interface HookEvent {
  kind: EventKind;
  /** The vendor's own name for it. */
  name: string;
  /** The conversation's id. */
  session_uuid: string;
  /** The session's vendor, where the payload names it; otherwise it is that of the hook. */
  vendor?: string;
  /** The agent's process, where the payload names it; otherwise it is looked for. */
  pid?: number | null;
  /** Working directory of the session. */
  cwd: string;
  model: string | null;
  /** Files that the tool call edits, as the payload has them. */
  files: string[];
  /** The line of shell that the tool call runs; null for any other tool. */
  command: string | null;
  /** The turn goes on only because a hook at its end asked for it. */
  continued: boolean;
  /** It happened in an agent that the session's own agent has started. */
  subagent: boolean;
  /** Something of the turn goes on in the background after its end. */
  background: boolean;
  /** The prompt that caused it is parley's wake prompt, and no human's. */
  wakePrompt?: boolean;
  /** What the agent does without asking, by the vendor's name for it; null where the payload does not tell. */
  permission_mode?: string | null;
  /** The directory that waking it needs (`SessionRecord.agent_home`), where the payload names it. */
  agent_home?: string | null;
  /** The PATH of the agent's hooks. */
  path?: string | undefined;
  /** A new context begins, and not the middle of a turn. */
  fresh: boolean;
  /** Why the session ended. */
  reason: string | null;
}

/** What the agent is told. */
export interface HookAnswer {
  /** `deny` refuses the tool call; with `continue` the turn goes on. */
  say: "context" | "deny" | "continue";
  /** For the model. */
  text: string;
}

/** What is known of an event before its payload is read. */
export type NamedEvent = Pick<HookEvent, "kind" | "name">;

/** One vendor's payloads, and what it accepts as an answer. */
export interface VendorHooks {
  name: string;
  /** Its events that parley uses, by its own names. */
  events: Readonly<Record<string, EventKind>>;
  /** Events at which its model cannot or should not be told anything, among those whose rule would. */
  ignoresContextAt?: readonly EventKind[];
  /** A turn that a hook has made go on ends without an event. */
  noStopAfterContinue?: true;
  /** The directory that waking it needs, by the environment of its hooks; missing where that does not tell it. */
  home?(env: Readonly<Record<string, string | undefined>>): string | null;
  /** Throws `invalid` for a payload that cannot be read. */
  read(event: NamedEvent, payload: Payload): HookEvent;
  /** Exactly what the vendor accepts at this event; null where it accepts no such answer. */
  write(event: HookEvent, answer: HookAnswer): object | null;
}

/** An agent, as far as its hooks are concerned. */
export interface HookedAgent {
  name: string;
  hooks?(): Promise<VendorHooks>;
}

/** The JSON object on stdin. Vendors change it between versions, so every value in it is checked. */
export type Payload = Readonly<Record<string, unknown>>;

export interface EventRule {
  /** What the agent does from now on; null: as before. */
  activity: Activity["state"] | null;
  /** Messages from this priority on are shown; null: none, since the vendor would not show them or no rule asks for it. */
  mail: number | null;
  /** Takes leases on the files of the call, which may refuse it. */
  leases?: true;
  /** Remembers the files of the call as edited. */
  edits?: true;
  /** The turn is over. */
  endsTurn?: true;
  /** The model is told which other sessions there are. */
  welcomes?: true;
  /** Ends the session. */
  ends?: true;
}

/** What each event does, besides refreshing the heartbeat and registering a session that is not known. */
export const eventRules: Record<EventKind, EventRule> = {
  start: { activity: "idle", mail: null, welcomes: true },
  prompt: { activity: "working", mail: 0 },
  "before-tool": { activity: "working", mail: null, leases: true },
  "after-tool": { activity: "working", mail: 2, edits: true },
  permission: { activity: "awaiting permission", mail: null },
  waiting: { activity: "idle", mail: null },
  other: { activity: null, mail: null },
  // The messages make the turn go on, at most once.
  stop: { activity: "idle", mail: 2, endsTurn: true },
  // The user has stopped the turn, or it has failed: nothing more is said in it.
  interrupted: { activity: "idle", mail: null, endsTurn: true },
  switch: { activity: "idle", mail: null, endsTurn: true },
  end: { activity: null, mail: null, ends: true },
};
