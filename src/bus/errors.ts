/** `ParleyError`, its codes and their exit codes. */

/** What can go wrong, by what the caller can do about it. Each code has one exit code, in every verb. */
export const exitCodes = {
  internal: 1,
  conflict: 3,
  not_found: 4,
  timeout: 5,
  busy: 6,
  not_registered: 7,
  not_permitted: 8,
  invalid: 64,
} as const;
export type ErrorCode = keyof typeof exitCodes;

export interface ErrorExtras {
  /** What to do next, in one sentence. */
  hint?: string;
  /** Machine-readable facts; snake_case keys. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** An error meant for the user: a code, one line of what happened, and a hint. */
export class ParleyError extends Error {
  override readonly name = "ParleyError";
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    extras: ErrorExtras = {},
  ) {
    super(message, { cause: extras.cause });
    this.hint = extras.hint;
    this.details = extras.details;
  }
}

export interface Warning {
  code: string;
  message: string;
}

/** Port: a log of failures that must not disturb the agent at work. */
export interface FaultLog {
  /** Appends one line with the time, cut where it is long. Never throws. */
  note(line: string): void;
}
