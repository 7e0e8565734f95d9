/** Events and answers in words that all vendors share. */

/** What happened in an agent, in words that all vendors share. */
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

/** One call of a hook, whoever's it is. */
export interface HookEvent {
  kind: EventKind;
  /** The vendor's own name for it. */
  name: string;
  /** The conversation's id. */
  session_uuid: string;
  /** Whose session it is, where the payload says that; else it is the hook's own vendor's. */
  vendor?: string;
  /** The agent's process, where the payload names it; else it is made out. */
  pid?: number | null;
  /** Working directory of the session. */
  cwd: string;
  model: string | null;
  /** Files that the tool call edits, as they are written there. */
  files: string[];
  /** The line of shell that the tool call runs; null for any other tool. */
  command: string | null;
  /** The turn goes on only because a hook at its end wanted that. */
  continued: boolean;
  /** It happened in an agent that the session's own has started. */
  subagent: boolean;
  /** Something of the turn goes on in the background after its end. */
  background: boolean;
  /** The prompt that caused it is a doorbell of ours, and no human's. */
  wakePrompt?: boolean;
  /** What the agent does without asking, in the vendor's word; null where it does not tell. */
  permission_mode?: string | null;
  /** The directory in which its vendor's way of waking is found, where the payload tells it. */
  agent_home?: string | null;
  /** Where its agent looks for programs, as far as its hooks are told. */
  path?: string | undefined;
  /** A new context begins, and not the middle of a turn. */
  fresh: boolean;
  /** Why the session ended. */
  reason: string | null;
}

/** What is to be said to the agent. */
export type HookAnswer =
  | { say: "nothing" }
  /** Text for the model. */
  | { say: "context"; text: string }
  /** The tool call is refused, and the model told why. */
  | { say: "deny"; reason: string }
  /** The turn goes on, with this text. */
  | { say: "continue"; text: string };

/** What is known of an event before its payload is read. */
export type NamedEvent = Pick<HookEvent, "kind" | "name">;

/** One vendor: its payloads and what it accepts as an answer. */
export interface VendorHooks {
  name: string;
  /** Its events that are of use, by its own names. */
  events: Readonly<Record<string, EventKind>>;
  /** Events at which its model cannot or should not be told anything, among those where the table of duties would. */
  ignoresContextAt?: readonly EventKind[];
  /** A turn that a hook has made go on ends without an event. */
  noStopAfterContinue?: true;
  /** The directory in which its way of waking is found, by the environment of its hooks; missing where that does not tell it. */
  home?(env: Readonly<Record<string, string | undefined>>): string | null;
  /** Throws `invalid` for a payload that cannot be read. */
  read(event: NamedEvent, payload: Payload): HookEvent;
  /** Exactly what the vendor accepts at this event; null where it has no way to say that there. */
  write(event: HookEvent, answer: HookAnswer): object | null;
}

/** An agent, as far as its hooks are concerned. */
export interface HookedAgent {
  name: string;
  hooks?(): Promise<VendorHooks>;
}

/** The JSON object on stdin. Vendors change it as they like, so nothing in it is taken for granted. */
export type Payload = Readonly<Record<string, unknown>>;
