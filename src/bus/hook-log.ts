/** Port: where failures are noted that must disturb nobody. */

/** Port: where failures are noted that must not disturb whoever is at work. */
export interface FaultLog {
  /** Keeps one line, cut where it is long, behind the time. Never throws. */
  note(line: string): void;
}
