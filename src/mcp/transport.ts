/** JSON-RPC over standard input and output, one message a line; tells whether an answer was written. */
import { deserializeMessage, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ErrorCode,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";

import { type Line, LineReader, maxLineBytes } from "./line-reader";

/** Callbacks of an answer, of which exactly one is called. */
export interface Showing {
  /** Its bytes have reached the client. */
  onShown(): Promise<void>;
  /** Its bytes have not reached the client and never will. */
  onDropped(): Promise<void>;
}

export interface Streams {
  input: {
    /** The next chunk; null at the end. */
    read(): Promise<Uint8Array | null>;
    cancel(): Promise<void>;
  };
  /** Resolves when the bytes are written, with whether the client can read them. */
  write(text: string): Promise<"written" | "discarded" | "gone">;
}

/** The SDK's own transport does not tell when an answer was written, which makes a message `delivered`, nor see its input end. */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /** Requests without an answer, and the callbacks of the answer that is on its way. */
  readonly #open = new Map<RequestId, Showing | null>();
  /** Resolves when no request waits for its answer any more. */
  #answered = Promise.withResolvers<void>();
  #writing: Promise<void> = Promise.resolve();
  #gone = false;

  constructor(private readonly streams: Streams) {}

  /** Nothing is read before `run`. */
  async start(): Promise<void> {}

  /** Takes messages until the input ends, the client stops reading, or `close`; answers what came before the end. */
  async run(): Promise<void> {
    const lines = new LineReader();
    for (let reads = 1; ; reads++) {
      const chunk = await this.streams.input.read();
      if (chunk === null) break;
      // Without a pause, input that never runs dry would keep signals from being handled.
      if (reads % 64 === 0) await Bun.sleep(0);
      for (const line of lines.take(chunk)) this.#takeOne(line);
    }
    if (this.#open.size > 0 && !this.#gone) await this.#answered.promise;
    await this.#writing;
  }

  /** Calls back when the answer to this request is written, or when it never will be. */
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
    await this.#disconnect();
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

  /** Answers a request that is too long with an error, where its id is known. */
  #refuse(id: RequestId | null): void {
    const message = `a line of more than ${maxLineBytes} bytes is not read`;
    this.onerror?.(new Error(message));
    if (id === null) return;
    const error = { code: ErrorCode.InvalidRequest, message };
    void this.send({ jsonrpc: "2.0", id, error }).catch(() => {});
  }

  async #write(message: JSONRPCMessage): Promise<void> {
    const requestId = "id" in message && !("method" in message) ? message.id : undefined;
    let written = false;
    try {
      const outcome = this.#gone ? "gone" : await this.streams.write(serializeMessage(message));
      written = outcome === "written";
      if (outcome === "gone") await this.#disconnect();
    } finally {
      if (requestId !== undefined) await this.#settle(requestId, written);
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

  async #disconnect(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    await this.streams.input.cancel();
    await Promise.allSettled([...this.#open.keys()].map((id) => this.#settle(id, false)));
  }
}
