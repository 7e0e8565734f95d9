/** Reads stdin, without waiting where its content is already there. */
import { closeSync, constants, openSync, readSync } from "node:fs";

import { ParleyError } from "../bus/errors";

/** Largest stdin that is read, in bytes. It exceeds the limit of every verb, so that the error names the verb's limit. */
const maxStdinBytes = 1024 * 1024;
const chunkBytes = 64 * 1024;

/** Stdin piece by piece. A failed read throws `invalid`. */
export interface Stdin {
  /** The next piece; null at the end. */
  read(): Promise<Uint8Array | null>;
  cancel(): Promise<void>;
}

/** See `Io.stdin`. */
export function openStdin(): Stdin {
  try {
    const reader = Bun.stdin.stream().getReader();
    return {
      read: async () => {
        const { done, value } = await reader.read().catch((error) => {
          throw unreadable(error);
        });
        return done ? null : value;
      },
      // After a failed read this fails too.
      cancel: () => reader.cancel().catch(() => {}),
    };
  } catch (error) {
    throw unreadable(error as Error);
  }
}

function unreadable(error: NodeJS.ErrnoException): ParleyError {
  const reason = error.code === "EISDIR" ? "it is a directory" : error.message;
  return new ParleyError("invalid", `cannot read standard input: ${reason}`, {
    hint: "give it a file or a pipe",
    cause: error,
  });
}

/** See `Io.readStdin`. */
export async function readStdin(limit = maxStdinBytes, signal?: AbortSignal): Promise<string> {
  const input = new Input(limit);
  if (!readWithoutWaiting(input)) await readStream(input, signal);
  if (signal?.aborted) throw new ParleyError("invalid", "standard input did not end");
  if (input.isFull) {
    throw new ParleyError("invalid", `standard input is larger than ${limit} bytes`);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.concat(input.chunks));
  } catch (error) {
    throw new ParleyError("invalid", "standard input is not text in UTF-8", { cause: error });
  }
}

class Input {
  readonly chunks: Uint8Array[] = [];
  #size = 0;

  constructor(private readonly limit: number) {}

  get isFull(): boolean {
    return this.#size > this.limit;
  }

  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (!this.isFull) this.chunks.push(chunk);
  }
}

/**
 * Reads the content of a pipe or file without waiting, in a tenth of the time that the stream takes (0.1 ms). True where
 * that was all of it. Only Linux lets a pipe be opened again in non-blocking mode; a socket cannot be opened again.
 */
function readWithoutWaiting(input: Input): boolean {
  if (process.platform !== "linux") return false;
  let file: number | null = null;
  try {
    file = openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
    while (!input.isFull) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const size = readSync(file, chunk);
      if (size === 0) return true;
      input.add(chunk.subarray(0, size));
    }
    return true;
  } catch {
    // The pipe is empty for now, or cannot be opened: the stream waits for more, and reports what is wrong.
    return false;
  } finally {
    if (file !== null) closeSync(file);
  }
}

async function readStream(input: Input, signal: AbortSignal | undefined): Promise<void> {
  const stdin = openStdin();
  const cancel = (): void => void stdin.cancel();
  // A writer that never closes its end would keep this process alive.
  signal?.addEventListener("abort", cancel);
  while (!input.isFull) {
    const piece = await stdin.read();
    if (piece === null) return;
    input.add(piece);
  }
  cancel();
}
