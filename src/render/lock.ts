/** Renders file locks: `lock`, `unlock` and the list of them. */
import type { Lock, LockResult, UnlockResult } from "../bus/lock";
import { count } from "../bus/text";
import { time } from "./format";
import { paint, type Style, title } from "./style";
import { oneLine } from "./text";

export const lockView = ({ locks }: LockResult): string[] => [
  `Locked: ${count(locks.length, "path")}`,
  ...locks.map((lock) => {
    const until = lock.expires_at === null ? "until unlocked" : `until ${time(lock.expires_at)}`;
    return `  ${oneLine(lock.file_path)} (${lock.lock_type}, ${until}, fence ${lock.fence})`;
  }),
];

export const unlockView = ({ released }: UnlockResult): string[] =>
  released.length === 0
    ? ["Nothing was locked there by this session."]
    : released.map((lock) => `Unlocked: ${oneLine(lock.file_path)}`);

/** `--locks`: full paths, so that what is shown can be pasted. */
export const lockList = (locks: Lock[], style: Style, precise: boolean): string[] => [
  ...title(style, "File Locks"),
  locks.length === 0 ? "No file locks." : count(locks.length, "file lock"),
  ...locks.flatMap((lock) => [
    paint(style, "bold", oneLine(lock.file_path)),
    `Held by: ${oneLine(`${lock.session_id} (${lock.lock_type})`)}`,
    `Locked: ${time(lock.locked_at, precise)}`,
    ...(lock.expires_at === null ? [] : [`Expires: ${time(lock.expires_at, precise)}`]),
  ]),
];
