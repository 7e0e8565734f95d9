/** Splits the input into lines, and finds the request's id in one that is too long. */
import type { RequestId } from "@modelcontextprotocol/sdk/types.js";

/** One line of the input; of one that is too long only the id of its request, where that can be found. */
export type Line = { text: string } | { tooLong: RequestId | null };

/** Longest line that is read, in bytes: a message has 64 KiB at most, which JSON can make six times as long. */
export const maxLineBytes = 1024 * 1024;
/** How much is kept of each end of a longer line, in bytes. */
const maxEndBytes = 512;

const newline = 0x0a;

/** Splits a stream into lines, and keeps no more of a line than the limit. */
export class LineReader {
  #parts: Buffer[] = [];
  #size = 0;

  /** The lines that end in this chunk. */
  *take(chunk: Uint8Array): Generator<Line> {
    let rest = Buffer.from(chunk);
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      this.#keep(rest.subarray(0, end));
      yield this.#line();
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    this.#parts.push(part);
    if (this.#size <= maxLineBytes) return;
    const kept = Buffer.concat(this.#parts);
    this.#parts = [kept.subarray(0, maxEndBytes), Buffer.from(kept.subarray(-maxEndBytes))];
  }

  #line(): Line {
    const tooLong = this.#size > maxLineBytes;
    const [head = "", tail = ""] = tooLong ? this.#parts.map((part) => part.toString("utf8")) : [];
    const line: Line = tooLong
      ? { tooLong: idAtEnd(head, tail) }
      : { text: Buffer.concat(this.#parts).toString("utf8") };
    this.#parts = [];
    this.#size = 0;
    return line;
  }
}

const id = String.raw`"id"\s*:\s*(\d{1,15}|"(?:[^"\\]|\\.){0,200}")`;
const first = new RegExp(String.raw`^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?${id}\s*,`);
const last = new RegExp(String.raw`[,{]\s*${id}\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$`);

/** Clients write the id first or last; anywhere else an `id` may be that of something inside the message. */
function idAtEnd(head: string, tail: string): RequestId | null {
  const [, found] = first.exec(head) ?? last.exec(tail) ?? [];
  return found === undefined ? null : JSON.parse(found);
}
