/** Runs one call of a hook, from the payload on stdin to what is printed; never fails. */
import type { Bus } from "../bus/bus";
import { ParleyError, type FaultLog } from "../bus/errors";
import type { PreferenceFile } from "../bus/preferences";
import type { HookedAgent, VendorHooks } from "./event";
import { generic } from "./generic";
import { parsePayload, readEvent, text } from "./payload";
import { respond } from "./respond";

/** Age of the process, in milliseconds, at which a hook gives up; Claude and Codex kill it at the end of a session. */
export const timeoutMs = { end: 800, other: 2000 };

/** Largest payload, in bytes: it holds a tool's whole output. */
const maxPayloadBytes = 16 * 1024 * 1024;

export interface HookCall {
  vendor: string;
  /** As the command line has it; null: the payload names it. */
  event: string | null;
}

export interface HookEnvironment {
  agents: readonly HookedAgent[];
  /** The environment that the agent gives its hooks. */
  env: Readonly<Record<string, string | undefined>>;
  /** All of stdin, given up when the signal says so. Throws `invalid`. */
  readStdin(limit: number, signal: AbortSignal): Promise<string>;
  /** Opens the bus; nothing waits for a busy database after this time (`performance.now()`). */
  bus(giveUpAt: number): Promise<Bus>;
  preferences(): PreferenceFile;
  hookLog(): Promise<FaultLog>;
}

/** What to print, and what to do once it was printed or could not be. */
export interface HookOutput {
  raw: string;
  afterFlush: () => Promise<void>;
  onDropped: () => Promise<void>;
}

export const emptyOutput: HookOutput = {
  raw: "",
  afterFlush: async () => {},
  onDropped: async () => {},
};

/** Never throws: a failure of ours is one line in the log, and the agent goes on as if there were no hook. */
export async function runHook(call: HookCall, environment: HookEnvironment): Promise<HookOutput> {
  const stop = new AbortController();
  let name = call.event;
  const within = (limit: number): number => Math.max(0, limit - performance.now());
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {});
  const giveUp = (): void => {
    stop.abort();
    late.reject(new ParleyError("timeout", "gave up: it took too long"));
  };
  let timer = setTimeout(giveUp, within(limitOf(name)));
  const work = async (): Promise<HookOutput> => {
    const input = await environment.readStdin(maxPayloadBytes, stop.signal);
    const { off, edits } = environment.preferences().read();
    if (off) return emptyOutput;
    const payload = parsePayload(input);
    name ??= text(payload["hook_event_name"]) ?? text(payload["event"]);
    if (name === null) throw new ParleyError("invalid", "the payload names no event");
    const limit = limitOf(name);
    clearTimeout(timer);
    timer = setTimeout(giveUp, within(limit));
    const vendor = await hooksOf(call.vendor, environment.agents);
    const read = readEvent(vendor, name, payload);
    if (!read) throw new ParleyError("invalid", "an event that parley has no use for");
    const { env } = environment;
    const event = { agent_home: vendor.home?.(env) ?? null, path: env["PATH"], ...read };
    const { answer, injection } = await respond(
      { bus: await environment.bus(limit), vendor, event },
      edits,
    );
    const output = answer && vendor.write(event, answer);
    const failed = (error: unknown): Promise<void> => note(environment, vendor.name, name, error);
    const notTaken = new ParleyError("not_permitted", "nobody took the answer");
    return {
      raw: output === null ? "" : `${JSON.stringify(output)}\n`,
      afterFlush: async () => injection?.onShown().catch(failed),
      onDropped: async () => {
        await failed(notTaken);
        await injection?.onDropped().catch(failed);
      },
    };
  };
  try {
    return await Promise.race([work(), late.promise]);
  } catch (error) {
    await note(environment, call.vendor, name, error);
    return emptyOutput;
  } finally {
    clearTimeout(timer);
  }
}

const limitOf = (event: string | null): number =>
  event === "SessionEnd" ? timeoutMs.end : timeoutMs.other;

async function hooksOf(vendor: string, agents: readonly HookedAgent[]): Promise<VendorHooks> {
  if (vendor === generic.name) return generic;
  const hooks = await agents.find(({ name }) => name === vendor)?.hooks?.();
  if (hooks) return hooks;
  throw new ParleyError("invalid", "no vendor of this name calls hooks");
}

/** Notes a failure in the log of hooks. Nothing of a payload is in parley's errors. */
export async function note(
  environment: HookEnvironment,
  vendor: string,
  event: string | null,
  error: unknown,
): Promise<void> {
  try {
    const code = error instanceof ParleyError ? error.code : "internal";
    const message = error instanceof Error ? error.message : String(error);
    (await environment.hookLog()).note([vendor, event ?? "-", code, message].join(" "));
  } catch {
    // There is no further place to report to.
  }
}
