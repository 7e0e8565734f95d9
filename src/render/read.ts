/** View of `read`. */
import type { ReadResult } from "../bus/message";
import { count } from "./format";

export const render = ({ read }: ReadResult): string[] =>
  read.length === 0
    ? ["Nothing was unread."]
    : [`Marked ${count(read.length, "message")} read: ${read.map((id) => `#${id}`).join(", ")}`];
