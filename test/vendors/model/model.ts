/** A model server on loopback that answers by script and records every request in full. */
import type { Server } from "bun";

/** One answer of the model: what it says, then the tools it calls. */
export interface Answer {
  text?: string;
  calls?: readonly Call[];
}

export interface Call {
  /** As the client names the tool in its requests. */
  tool: string;
  input: unknown;
}

export interface Message {
  role: "system" | "developer" | "user" | "assistant" | "tool";
  text: string;
}

/** What one provider's interface looks like. */
export interface Dialect {
  /** Whether a POST to this path asks the model for an answer. */
  answers(path: string): boolean;
  /** Every message of a request in order, the system's first. */
  messages(body: Body): Message[];
  /** Whether it belongs to the conversation, rather than asking for a title or a quota. */
  isTurn(body: Body): boolean;
  /** The answer as the provider sends it. `turn` is unique and makes ids. */
  respond(answer: Answer, turn: number, body: Body, path: string): Response;
}

// oxlint-disable-next-line typescript/no-explicit-any -- each provider has its own shape, and stories look at parts of it
export type Body = any;

export interface Recorded {
  path: string;
  body: Body;
  /** The prompt whose script answered. */
  prompt: string | null;
  messages: Message[];
}

export interface Model extends Disposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Requests for an answer, oldest first. */
  readonly requests: Recorded[];
  /** Other paths that the client asked for. */
  readonly others: string[];
  /**
   * What to answer, one request after the other, in a conversation whose newest scripted prompt is this one. When the
   * answers are used up, it says "nothing more".
   */
  script(prompt: string, answers: readonly (Answer | (() => Promise<Answer>))[]): void;
  /** The requests that a prompt's script answered. */
  of(prompt: string): Recorded[];
  /** Waits until there are so many of them. */
  asked(prompt: string, count: number): Promise<Recorded>;
}

export function startModel(dialect: Dialect): Model {
  const requests: Recorded[] = [];
  const others: string[] = [];
  const scripts = new Map<string, (Answer | (() => Promise<Answer>))[]>();
  let turns = 0;

  const answer = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname;
    if (request.method !== "POST" || !dialect.answers(path)) {
      others.push(`${request.method} ${path}`);
      return Response.json({}, { status: request.method === "HEAD" ? 200 : 404 });
    }
    const body = await request.json();
    const messages = dialect.messages(body);
    const prompt = dialect.isTurn(body) ? newest([...scripts.keys()], messages) : null;
    requests.push({ path, body, prompt, messages });
    const turn = turns++;
    const next = prompt === null ? undefined : scripts.get(prompt)!.shift();
    const said = typeof next === "function" ? await next() : next;
    return dialect.respond(said ?? { text: "nothing more" }, turn, body, path);
  };

  const server: Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: answer,
  });
  const of = (prompt: string): Recorded[] => requests.filter((each) => each.prompt === prompt);
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    others,
    script: (prompt, answers) => void scripts.set(prompt, [...answers]),
    of,
    asked: async (prompt, count) => {
      await until(`request ${count} about "${prompt}"`, () => of(prompt).length >= count);
      return of(prompt)[count - 1]!;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** The scripted prompt that was said last; the longest where one contains another. */
function newest(prompts: readonly string[], messages: readonly Message[]): string | null {
  const longestFirst = prompts.toSorted((one, other) => other.length - one.length);
  for (const { role, text } of messages.toReversed()) {
    const found = role === "user" && longestFirst.find((prompt) => text.includes(prompt));
    if (found) return found;
  }
  return null;
}

/** A door that a scripted answer waits at until the story opens it. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    open: () => resolve(),
    before: (answer: Answer) => async () => {
      await promise;
      return answer;
    },
  };
}

/** Server-sent events. */
export function stream(events: readonly { event?: string; data: unknown }[]): Response {
  const lines = events.map(
    ({ event, data }) =>
      `${event ? `event: ${event}\n` : ""}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`,
  );
  return new Response(lines.join(""), { headers: { "content-type": "text/event-stream" } });
}

/** Waits until a condition holds; fails after two minutes, saying what was waited for. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeout = 120_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await Bun.sleep(20);
  }
}
