/** What a loop of messages is. */

/**
 * Two live sessions are in a loop once more messages than the limit went between them, in both directions, within the
 * window and since a human last prompted either of them. The store raises one `message_loop` alert for them, and from then
 * on neither wakes the other, nor does its mail make the other's turn go on; all else of it is delivered as ever. The loop
 * is over, and the alert closed, once a human prompts either of them or one of them ends; and once the operator
 * acknowledges the alert, where the counting begins anew.
 */
export interface LoopLimit {
  /** So many messages are no loop yet; 0: none ever is. */
  limit: number;
  /** Milliseconds. */
  window: number;
}
