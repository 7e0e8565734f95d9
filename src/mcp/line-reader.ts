/** Lines of the input, and the id in one that is too long. */
import type { RequestId } from "@modelcontextprotocol/sdk/types.js";

/** One line of the input; of one that is too long, the id of the request in it, where that can be made out. */
export type Line = { text: string } | { tooLong: RequestId | null };

/** Longest line that is read, in bytes: a message has 64 KiB at most, which JSON can make six times as long. */
export const maxLine = 1024 * 1024;
/** What is kept of both ends of a longer one, in bytes. */
const maxEnd = 512;

const newline = 0x0a;

/** Cuts a stream into lines, and keeps no more of one than it may have. */
export class Lines {
  #parts: Buffer[] = [];
  #size = 0;

  /** The lines that end in this piece. */
  *take(piece: Uint8Array): Generator<Line> {
    let rest = Buffer.from(piece);
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
    if (this.#size <= maxLine) return;
    const kept = Buffer.concat(this.#parts);
    this.#parts = [kept.subarray(0, maxEnd), Buffer.from(kept.subarray(-maxEnd))];
  }

  #line(): Line {
    const tooLong = this.#size > maxLine;
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

/** Clients write the id first or last; anywhere else it may be another's. */
function idAtEnd(head: string, tail: string): RequestId | null {
  const [, found] = first.exec(head) ?? last.exec(tail) ?? [];
  return found === undefined ? null : JSON.parse(found);
}
