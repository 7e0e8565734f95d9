/** Starts the agents and sessions of the stories, and reads what other sessions see of them. */
import type { Agent, AgentOptions, Run, RunOptions, Sandbox } from "../../support";

export interface TestSession {
  /** The session's id, `claude-12345`. */
  readonly id: string;
  readonly agent: Agent;
  /** Runs `parley` as the agent would. */
  parley(...args: string[]): Promise<Run>;
  /** Runs a line of shell as the agent would. */
  shell(line: string, options?: RunOptions): Promise<Run>;
}

/** Starts an agent and registers it. */
export async function startSession(
  sandbox: Sandbox,
  vendor: string,
  { register = [], ...options }: AgentOptions & { register?: string[] } = {},
): Promise<TestSession> {
  const agent = await sandbox.startAgent(vendor, options);
  const run = await agent.run(["parley", "register", "--json", ...register]);
  return {
    id: run.json().data.session.session_id,
    agent,
    parley: (...args) => agent.run(["parley", ...args]),
    shell: (line, more) => agent.run(["sh", "-c", line], more),
  };
}

/** `text: state` of what a session has sent, oldest first, as its sender is told. */
export async function sent(session: TestSession): Promise<string[]> {
  const { messages } = (await session.parley("message", "--sent", "--json")).json().data;
  return messages
    .map(({ payload, status }: { payload: { message: string }; status: string }) =>
      [payload.message, status].join(": "),
    )
    .toReversed();
}

/** The texts of the messages in the answer of `inbox --json`. */
export const texts = (inbox: Run): string[] =>
  inbox
    .json()
    .data.messages.map((message: { payload: { message?: string } }) => message.payload.message);

type More = Record<string, unknown>;

/** What a vendor's hook is given, in the form that most of them share. */
export const hookInput = (session_id: string, cwd: string, event: string, more: More = {}) =>
  JSON.stringify({ session_id, cwd, hook_event_name: event, ...more });

/** An agent whose hooks are installed, and one of its conversations. */
export interface HookedAgent {
  id: string;
  vendor: string;
  agent: Agent;
  uuid: string;
  /** Calls the hook as the vendor does. */
  hook(event: string, more?: More): Promise<Run>;
  /** The same with its stdout somewhere else. */
  shell(line: string, event: string, more?: More): Promise<Run>;
}

/** `env`: what the vendor adds to the variables of its hooks. */
export function hookedAgent(
  vendor: string,
  uuid: string,
  agent: Agent,
  cwd: string,
  env: Record<string, string> = {},
): HookedAgent {
  const call = (command: string[], event: string, more?: More): Promise<Run> =>
    agent.run(command, { env, input: hookInput(uuid, cwd, event, more) });
  return {
    ...{ id: `${vendor}-${agent.pid}`, vendor, agent, uuid },
    hook: (event, more) => call(["parley", "hook", vendor], event, more),
    shell: (line, event, more) => call(["sh", "-c", line], event, more),
  };
}
