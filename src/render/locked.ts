/** View of `lock`. */
import type { LockResult } from "../bus/lock";
import { count, time } from "./format";
import type { ViewOptions } from "./human";
import type { Style } from "./style";
import { oneLine } from "./text";

/** `lock`; quiet where a command ran under it, whose output it is. */
export function render({ locks }: LockResult, _look: Style, options: ViewOptions): string[] {
  if (options["quiet"]) return [];
  return [
    `Locked: ${count(locks.length, "path")}`,
    ...locks.map((lock) => {
      const until =
        lock.expires_at === null ? "until unlocked" : `until ${time(lock.expires_at, false)}`;
      return `  ${oneLine(lock.file_path)} (${lock.lock_type}, ${until}, fence ${lock.fence})`;
    }),
  ];
}
