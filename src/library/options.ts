/** The options of the library's methods, and their checks. */
import { ParleyError } from "../bus/errors";
import { duration, integer } from "../bus/input";

/** A JSON object, or a text, which becomes `{"message": text}`. */
export type Payload = string | Record<string, unknown>;

export interface SessionDescription {
  /** Otherwise `{vendor}-{pid}`. */
  sessionId?: string;
  /** Otherwise detected; `invalid` where nothing tells. */
  llmVendor?: string;
  llmModel?: string;
  /** Otherwise that of the working directory. */
  projectId?: string;
  taskId?: string;
  /** Another name that others can write to. */
  name?: string;
  /** Otherwise this process. Its end is the end of the session. */
  pid?: number;
  cwd?: string;
}

export interface PublishOptions {
  /** Life in milliseconds; otherwise as long as the channel says. */
  ttl?: number;
  /** 0 to 3; otherwise 1. */
  priority?: number;
  /** Otherwise `published`. */
  messageType?: string;
  senderId?: string;
}

export interface TakeOptions {
  /** Life in milliseconds; otherwise until it is given back or the session ends. */
  ttl?: number;
  /** Milliseconds to wait where another session holds it; otherwise it does not wait. */
  wait?: number;
}

export interface LockOptions extends TakeOptions {
  sessionId?: string;
  /** No other session can take it by force. */
  exclusive?: boolean;
  /** Takes the advisory lock of another session. */
  force?: boolean;
}

/** Arguments are checked as strictly as those of the command line: all of these functions throw `invalid`. */
export const priorityOf = (value: number): number => integer(String(value), "priority", 0, 3);

export const limitOf = (value: number): number => integer(String(value), "limit", 1, 1000);

export const cursorOf = (value: number): number => integer(String(value), "sinceId", 0);

/** A whole number of milliseconds, more than none and at most ten years. */
export const milliseconds = (value: number, name: string): number => duration(`${value}ms`, name);

export const timesOf = ({
  ttl,
  wait,
}: TakeOptions): { ttl: number | null; wait: number | null } => ({
  ttl: ttl === undefined ? null : milliseconds(ttl, "ttl"),
  wait: wait === undefined ? null : milliseconds(wait, "wait"),
});

/** False where the attempt returns false, and where another session holds what was asked for, also after waiting. */
export async function succeeds(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    return (await attempt()) !== false;
  } catch (error) {
    if (error instanceof ParleyError && (error.code === "conflict" || error.code === "timeout"))
      return false;
    throw error;
  }
}
