/** Port: what beats for a session where others cannot see its process. */

/** Port: what beats for a session where the bus spans machines, and other machines cannot see its process. */
export interface HeartbeatProcess {
  /** How often, in seconds. */
  readonly seconds: number;
  /** Starts it, unless it runs already; it ends with the session's process. Never throws. */
  start(sessionId: string): void;
}
