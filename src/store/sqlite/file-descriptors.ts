/** Whether the process may open the files that SQLite needs. */
import { closeSync, openSync } from "node:fs";

import { ParleyError } from "../../bus/errors";

/** What SQLite opens before the first answer: database, log, its index, and while it makes them their directory. */
const forOpening = 4;

/** Whether the process may open as many more files. */
function canOpen(count: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync("/dev/null", "r"));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "EMFILE" && code !== "ENFILE";
  } finally {
    for (const each of opened) closeSync(each);
  }
}

/** What SQLite calls a refusal by the medium, before it had all it needs: the error that it was instead, or null. */
export const tooFewToOpen = (path: string): ParleyError | null =>
  canOpen(forOpening) ? null : tooFew(path);

/** With none left, processes cannot be looked at, and a session would not be known again. */
export const noneLeft = (path: string): ParleyError | null => (canOpen(1) ? null : tooFew(path));

const tooFew = (path: string): ParleyError =>
  new ParleyError("not_permitted", `Too few files may be open at once to work with ${path}`, {
    hint: "allow more, for example by ulimit -n 256",
    details: { database: path },
  });
