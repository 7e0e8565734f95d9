/** A list of locks. */
import type { Lock } from "../bus/lock";
import { count, time } from "./format";
import { type Style, paint, title } from "./style";
import { oneLine } from "./text";

/** `--locks`: full paths, so that what is shown can be pasted. */
export const lockView = (style: Style, locks: Lock[], precise: boolean): string[] => [
  ...title(style, "File Locks"),
  locks.length === 0 ? "No file locks." : count(locks.length, "file lock"),
  ...locks.flatMap((lock) => [
    paint(style, "bold", oneLine(lock.file_path)),
    `Held by: ${oneLine(`${lock.session_id} (${lock.lock_type})`)}`,
    `Locked: ${time(lock.locked_at, precise)}`,
    ...(lock.expires_at === null ? [] : [`Expires: ${time(lock.expires_at, precise)}`]),
  ]),
];
