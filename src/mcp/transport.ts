/** One message a line, and what was written. */
import { deserializeMessage, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ErrorCode,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";

import { type Line, Lines, maxLine } from "./line-reader";

/** What becomes of an answer: exactly one of the two is called. */
export interface Showing {
  /** Its bytes have reached the client. */
  onShown(): Promise<void>;
  /** They have not, and never will. */
  onDropped(): Promise<void>;
}

export interface Streams {
  input: {
    /** The next piece; null at the end. */
    read(): Promise<Uint8Array | null>;
    cancel(): Promise<void>;
  };
  /** Resolves when the bytes are written; says whether somebody can read them. */
  write(text: string): Promise<"written" | "discarded" | "gone">;
}

/**
 * One JSON-RPC message a line. The SDK's own transport does not tell when an answer was written, which is what makes a
 * message `delivered`, and does not notice the end of its input.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /** Requests that have no answer yet, and what is to be done when they have. */
  readonly #open = new Map<RequestId, Showing | null>();
  /** Resolves when no request waits for its answer any more. */
  #answered = Promise.withResolvers<void>();
  #writing: Promise<void> = Promise.resolve();
  #gone = false;

  constructor(private readonly streams: Streams) {}

  /** Nothing is read before `run`. */
  async start(): Promise<void> {}

  /** Takes messages until the input ends, nobody reads the answers any more, or `close`; answers what came before the end. */
  async run(): Promise<void> {
    const lines = new Lines();
    for (let reads = 1; ; reads++) {
      const piece = await this.streams.input.read();
      if (piece === null) break;
      // Input that is always at hand would keep signals from being heard.
      if (reads % 64 === 0) await Bun.sleep(0);
      for (const line of lines.take(piece)) this.#takeOne(line);
    }
    if (this.#open.size > 0 && !this.#gone) await this.#answered.promise;
    await this.#writing;
  }

  /** Has `showing` called when the answer to this request is written, or when it will never be. */
  async onAnswered(request: RequestId, showing: Showing): Promise<void> {
    if (!this.#gone && this.#open.has(request)) this.#open.set(request, showing);
    else await showing.onDropped();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const writing = this.#writing.then(() => this.#write(message));
    this.#writing = writing.catch(() => {});
    await writing;
  }

  async close(): Promise<void> {
    await this.#leave();
    this.onclose?.();
  }

  #takeOne(line: Line): void {
    try {
      if ("tooLong" in line) return this.#refuse(line.tooLong);
      const message = deserializeMessage(line.text);
      if (isJSONRPCRequest(message)) this.#open.set(message.id, null);
      this.onmessage?.(message);
      // The SDK answers no request that was cancelled.
      if (isJSONRPCNotification(message) && message.method === "notifications/cancelled") {
        void this.#settle(message.params?.["requestId"] as RequestId, false);
      }
    } catch (error) {
      this.onerror?.(error as Error);
    }
  }

  /** A request that is not read is answered all the same, where it says whose answer that is. */
  #refuse(id: RequestId | null): void {
    const message = `a line of more than ${maxLine} bytes is not read`;
    this.onerror?.(new Error(message));
    if (id === null) return;
    const error = { code: ErrorCode.InvalidRequest, message };
    void this.send({ jsonrpc: "2.0", id, error }).catch(() => {});
  }

  async #write(message: JSONRPCMessage): Promise<void> {
    const answers = "id" in message && !("method" in message) ? message.id : undefined;
    let written = false;
    try {
      const how = this.#gone ? "gone" : await this.streams.write(serializeMessage(message));
      written = how === "written";
      if (how === "gone") await this.#leave();
    } finally {
      if (answers !== undefined) await this.#settle(answers, written);
    }
  }

  async #settle(request: RequestId, written: boolean): Promise<void> {
    const showing = this.#open.get(request);
    this.#open.delete(request);
    try {
      await (written ? showing?.onShown() : showing?.onDropped());
    } finally {
      if (this.#open.size === 0) {
        this.#answered.resolve();
        this.#answered = Promise.withResolvers();
      }
    }
  }

  async #leave(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    await this.streams.input.cancel();
    await Promise.allSettled([...this.#open.keys()].map((id) => this.#settle(id, false)));
  }
}
