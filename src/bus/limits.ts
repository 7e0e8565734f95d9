/** How much a mailbox takes and a session holds. */
import { ParleyError } from "./errors";

/** A mailbox that nobody reads must not grow for ever. */
export const fullMailbox = (mailbox: string, most: number): ParleyError =>
  new ParleyError("not_permitted", `The mailbox of ${mailbox} is full: ${most} unread messages`, {
    hint: "nothing was sent; it has room again once its owner reads, or when the messages are past their time",
    details: { session_id: mailbox, limit: most },
  });

/** Nor may what a session holds. */
export const tooMany = (
  session_id: string,
  most: number,
  things: "locks" | "claims",
): ParleyError =>
  new ParleyError("not_permitted", `${session_id} may hold ${most} ${things} at most`, {
    hint:
      things === "locks"
        ? "lock the directory instead, which covers all below it"
        : "release some first",
    details: { session_id, limit: most },
  });
