/** Where mail waits for its conversation. */

/**
 * A mailbox that belongs to a conversation rather than to a session id: where unread mail waits when its session has
 * ended and another took the id. The colon keeps it apart from every session id.
 */
export const strandedMailbox = (session_uuid: string | null, session_id: string): string =>
  session_uuid === null ? `ended:${session_id}` : `uuid:${session_uuid}`;
