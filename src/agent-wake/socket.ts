/** Writes a line to a Unix socket of this user. */
import { lstatSync } from "node:fs";

/** Longest answer that is read, in bytes. */
const maxAnswerBytes = 4096;

/** The path of a socket that this user owns, or null: others could link to it in a shared directory, or make their own. */
export function ownSocket(path: string): string | null {
  const socket = lstatSync(path, { throwIfNoEntry: false });
  return socket?.isSocket() && socket.uid === process.getuid?.() ? path : null;
}

/**
 * Writes one line to a socket. Resolves once the line is written and this side has closed the connection; with `answered`,
 * with the answer, once the other side has closed it. `Bun.connect` is built in, while loading `node:net` takes a
 * millisecond.
 */
export async function writeLine(
  path: string,
  line: string,
  { answered, signal }: { answered: boolean; signal: AbortSignal },
): Promise<string> {
  const done = Promise.withResolvers<string>();
  done.promise.catch(() => {});
  let unsent: Uint8Array = Buffer.from(line);
  let answer = Buffer.alloc(0);
  const write = (socket: Bun.Socket): void => {
    unsent = unsent.subarray(socket.write(unsent));
    if (unsent.length > 0 || answered) return;
    done.resolve("");
    socket.end();
  };
  const socket = await Bun.connect({
    unix: path,
    socket: {
      open: write,
      drain: write,
      data: (from, bytes) => {
        // Where no answer is wanted, what comes back is ignored.
        if (!answered) return;
        answer = Buffer.concat([answer, bytes]);
        if (answer.length <= maxAnswerBytes) return;
        done.reject(new Error("its answer is too long"));
        from.terminate();
      },
      error: (_, error) => done.reject(error),
      close: () =>
        answered && unsent.length === 0
          ? done.resolve(answer.toString())
          : done.reject(new Error("the socket was closed")),
    },
  });
  const stop = (): void => {
    socket.terminate();
    done.reject(new Error("took too long"));
  };
  signal.addEventListener("abort", stop, { once: true });
  return done.promise.finally(() => signal.removeEventListener("abort", stop));
}
