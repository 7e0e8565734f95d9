/** Reads hook payloads, whose JSON may hold anything, into the common events. */
import { ParleyError } from "../bus/errors";
import { framePreamble } from "../bus/untrusted-text";
import { asObject, objectIn } from "../bus/input";
import { isWakePrompt } from "../bus/agent-wake";
import type { HookEvent, VendorHooks, NamedEvent, Payload } from "./event";
import { filesOfCommand, filesOfPatch } from "./patch";

/** Longest id or directory that is read. */
const maxLength = 4096;

export const object = (value: unknown): Payload => asObject(value) ?? {};

/** A text that is not empty; null for anything else. */
export const text = (value: unknown): string | null =>
  typeof value === "string" && value !== "" && value.length <= maxLength ? value : null;

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The entry of a table by a name from a payload. */
export const entry = <T>(table: Readonly<Record<string, T>>, name: unknown): T | undefined =>
  typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;

/** The object on a hook's stdin. Throws `invalid`, with nothing of the payload in the message. */
export function parsePayload(input: string): Payload {
  const payload = objectIn(input);
  if (payload) return payload;
  throw new ParleyError(
    "invalid",
    input.trim() === "" ? "the payload is empty" : "the payload is no JSON object",
  );
}

/** The common event; null for one that parley does not use. Throws `invalid` for a payload that cannot be read. */
export function readEvent(vendor: VendorHooks, name: string, payload: Payload): HookEvent | null {
  const kind = entry(vendor.events, name);
  return kind ? vendor.read({ kind, name }, payload) : null;
}

/** The event in the form of payload that most vendors share. Throws `invalid` where it has no id. */
export function common(event: NamedEvent, payload: Payload, tools: Tools): HookEvent {
  const session_uuid = text(payload["session_id"]);
  if (session_uuid === null) throw new ParleyError("invalid", "the payload has no session_id");
  const prompt = JSON.stringify(payload["prompt"] ?? "");
  return {
    ...event,
    session_uuid,
    cwd: text(payload["cwd"]) ?? ".",
    model: text(payload["model"]),
    files: editedFiles(payload, tools),
    command: commandOf(payload),
    // Some vendors hand back as a prompt what made the turn go on.
    continued: payload["stop_hook_active"] === true || prompt.includes(framePreamble),
    subagent: text(payload["agent_id"]) !== null,
    background: list(payload["background_tasks"]).some(
      (task) => object(task)["status"] === "running",
    ),
    wakePrompt: isWakePrompt(prompt),
    permission_mode: text(payload["permission_mode"]),
    fresh: payload["source"] !== "compact",
    reason: text(payload["reason"]),
  };
}

/** Longest line of shell that is read, in characters. */
export const maxCommandLength = 256 * 1024;

/** The line of shell that a tool call runs, by the names of the vendors' shell tools. */
function commandOf(payload: Payload): string | null {
  const { command } = object(payload["tool_input"]);
  const isShell = shellTools.includes(String(payload["tool_name"]));
  if (!isShell || typeof command !== "string" || command.length > maxCommandLength) return null;
  return command;
}

const shellTools = ["Bash", "bash", "Shell", "shell", "run_shell_command"];

/** Tools that may edit files, by name: the argument that names the files, and what it holds. */
export type Tools = Readonly<
  Record<string, readonly [argument: string, holds: keyof typeof files]>
>;

const files = {
  path: (value: string): string[] => (text(value) === null ? [] : [value]),
  patch: filesOfPatch,
  line: filesOfCommand,
};

/** Empty for any other tool. */
function editedFiles(payload: Payload, tools: Tools): string[] {
  const tool = entry(tools, payload["tool_name"]);
  if (!tool) return [];
  const [argument, holds] = tool;
  const value = object(payload["tool_input"])[argument];
  return typeof value === "string" ? files[holds](value) : [];
}
