/** View of `unlock`. */
import type { UnlockResult } from "../bus/lock";
import { oneLine } from "./text";

export const render = ({ released }: UnlockResult): string[] =>
  released.length === 0
    ? ["Nothing was locked there by this session."]
    : released.map((lock) => `Unlocked: ${oneLine(lock.file_path)}`);
