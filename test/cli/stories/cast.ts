/** Who appears in the stories: sessions that are registered, and what others can see of them. */
import type { Agent, AgentOptions, Run, RunOptions, Sandbox } from "../../support";

export interface Member {
  /** The session's id, `claude-12345`. */
  readonly id: string;
  readonly agent: Agent;
  /** Runs `parley` as the agent would. */
  parley(...args: string[]): Promise<Run>;
  /** Runs a line of shell as the agent would. */
  shell(line: string, options?: RunOptions): Promise<Run>;
}

/** Starts an agent and registers it. */
export async function join(
  sandbox: Sandbox,
  vendor: string,
  { register = [], ...options }: AgentOptions & { register?: string[] } = {},
): Promise<Member> {
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
export async function sent(by: Member): Promise<string[]> {
  const { messages } = (await by.parley("message", "--sent", "--json")).json().data;
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
