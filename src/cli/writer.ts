/** Writes bytes to a stream of this process, each of them once. */
import { write, writeSync } from "node:fs";

/** Bytes that an empty pipe takes without waiting. */
const emptyPipe = 64 * 1024;

/** The longest pause, in milliseconds, before a full stream is tried again. */
const maxPause = 20;

/**
 * Returns how to write to a descriptor. Each call writes all of its bytes, continues after a partial write, and waits as
 * long as the stream is full; it throws what the system refuses (`EPIPE`, `ENOSPC`, …). Calls must not overlap.
 *
 * `Bun.write` starts again from the beginning when a non-blocking stream is full (seen in 1.4.5: 265,541 bytes arrived of
 * 200,005). The sinks and `process.stdout` change the O_NONBLOCK flag, which the stream shares with other processes.
 */
export function openWriter(fd: number): (text: string) => Promise<void> {
  let isFirst = true;
  return async (text) => {
    const bytes = Buffer.from(text);
    // A later write may find the pipe full, and a blocking call would keep signals and timers waiting.
    let done = isFirst ? atOnce(fd, bytes) : 0;
    isFirst = false;
    for (let pause = 1; done < bytes.length;) {
      const count = await inBackground(fd, bytes, done);
      if (count === null) {
        await Bun.sleep(pause);
        pause = Math.min(maxPause, pause * 2);
      } else {
        done += count;
        pause = 1;
      }
    }
  };
}

/** How many bytes the stream took; 0 where it is full. */
function atOnce(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes, 0, Math.min(bytes.length, emptyPipe));
  } catch (error) {
    if (isFull(error)) return 0;
    throw error;
  }
}

/** How many bytes the stream took; null where it is full. Another thread waits for a blocking stream. */
const inBackground = (fd: number, bytes: Buffer, from: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    write(fd, bytes, from, bytes.length - from, null, (error, count) => {
      if (!error) resolve(count);
      else if (isFull(error)) resolve(null);
      else reject(error);
    });
  });

const isFull = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EAGAIN" || code === "EINTR";
};
