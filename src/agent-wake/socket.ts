/** A line to a socket of one's own. */
import { lstatSync } from "node:fs";

/** No answer is longer than this, in bytes. */
const maxAnswerBytes = 4096;

/**
 * The path of a socket that is ours, since anybody may make one in a shared directory, or a link there to one of ours that
 * takes other lines; null for anything else.
 */
export function ownSocket(path: string): string | null {
  const socket = lstatSync(path, { throwIfNoEntry: false });
  return socket?.isSocket() && socket.uid === process.getuid?.() ? path : null;
}

/**
 * Writes one line to a socket. Resolves once it is written and the connection closed from our side; with `answered`, with
 * what came back when the other side closed it. Loads nothing: `node:net` costs a millisecond.
 */
export async function writeLine(
  path: string,
  line: string,
  { answered, signal }: { answered: boolean; signal: AbortSignal },
): Promise<string> {
  const done = Promise.withResolvers<string>();
  done.promise.catch(() => {});
  let left: Uint8Array = Buffer.from(line);
  let said = Buffer.alloc(0);
  const write = (socket: Bun.Socket): void => {
    left = left.subarray(socket.write(left));
    if (left.length > 0 || answered) return;
    done.resolve("");
    socket.end();
  };
  const socket = await Bun.connect({
    unix: path,
    socket: {
      open: write,
      drain: write,
      data: (from, bytes) => {
        // Where nothing is asked, what it says is not for us.
        if (!answered) return;
        said = Buffer.concat([said, bytes]);
        if (said.length <= maxAnswerBytes) return;
        done.reject(new Error("its answer is too long"));
        from.terminate();
      },
      error: (_, error) => done.reject(error),
      close: () =>
        answered && left.length === 0
          ? done.resolve(said.toString())
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
