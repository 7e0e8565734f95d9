/**
 * Serves an empty FUSE directory on descriptor 3 until it is unmounted: as much of the protocol (`linux/fuse.h`) as a
 * query of the file system's type needs.
 */
import { readSync, writeSync } from "node:fs";

const request = Buffer.alloc(1 << 20);
const attributes = Buffer.alloc(88);
attributes.writeBigUInt64LE(1n, 0);
attributes.writeUInt32LE(0o40755, 60);
attributes.writeUInt32LE(2, 64);

function replyTo(operation: number): { error: number; data: Buffer } | null {
  const answer = (data: Buffer) => ({ error: 0, data });
  const header = Buffer.alloc(16);
  switch (operation) {
    case 26: {
      const init = Buffer.alloc(64);
      for (const [index, value] of [7, 31, 65536].entries()) init.writeUInt32LE(value, index * 4);
      init.writeUInt32LE(65536, 20);
      return answer(init);
    }
    case 3:
      return answer(Buffer.concat([header, attributes]));
    case 17:
      return answer(Buffer.alloc(80));
    // Forgotten inodes and interrupts need no reply.
    case 2:
    case 36:
      return null;
    default:
      return { error: operation === 1 ? -2 : -38, data: Buffer.alloc(0) };
  }
}

/** Runs a read or write; where the kernel has aborted the request meanwhile (`ENOENT`, `EINTR`), only that one fails. */
function ignoringAborted<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENODEV") process.exit();
    return null;
  }
}

for (;;) {
  if (ignoringAborted(() => readSync(3, request)) === null) continue;
  const reply = replyTo(request.readUInt32LE(4));
  if (!reply) continue;
  const replyHeader = Buffer.alloc(16);
  replyHeader.writeUInt32LE(16 + reply.data.length, 0);
  replyHeader.writeInt32LE(reply.error, 4);
  request.copy(replyHeader, 8, 8, 16);
  ignoringAborted(() => writeSync(3, Buffer.concat([replyHeader, reply.data])));
}
