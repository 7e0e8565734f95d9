/** What an operator may tune by environment variables, and the defaults. */
import { ParleyError } from "./errors";
import { duration, integer } from "./input";

/**
 * Two live sessions are in a message loop once they have sent each other, in both directions, more messages than the limit
 * within the window and since a human last prompted either of them. The store raises one `message_loop` alert for them;
 * from then on neither wakes the other nor makes its turn go on, but messages are delivered as before. The loop is over,
 * and the alert closed, once a human prompts either session or one of them ends; also once the operator acknowledges the
 * alert, after which counting begins anew.
 */
export interface LoopLimit {
  /** So many messages are no loop yet; 0: there are no loops. */
  limit: number;
  /** Milliseconds. */
  window: number;
}

/** What an operator may tune. Durations in milliseconds. */
export interface Settings {
  /** Silence after which a session is idle, or stale where it cannot be judged. */
  staleAfter: number;
  /** Silence after which a session that cannot be judged from anywhere is ended. */
  unseenAfter: number;
  /** Silence after which a session inside a shared host process is ended. */
  sharedHostAfter: number;
  /** Life of a directed message. */
  directed: number;
  /** Life of an undirected message by channel; `default` for the others. */
  channels: Record<string, number>;
  /** How long an ended session is kept. */
  endedSessions: number;
  loop: LoopLimit;
  /** Unread messages that one mailbox may hold. */
  maxUnread: number;
  /** Locks, and claims, that one session may hold. */
  maxHeld: number;
  /** The database may be on a network file system, at the user's risk. */
  allowNetwork: boolean;
}

/** Options of an adapter, besides its location. */
export interface StoreOptions {
  settings: Settings;
  /** `create`: a missing database is made. `read`: reading suffices, also from a read-only medium. */
  mode: "create" | "write" | "read";
  /** Time by `performance.now()` after which no operation waits for a busy database any more. */
  giveUpAt?: number;
}

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

/** Source of the channel numbers: the seeds (R58–R66) and the decisions on A-TTL. */
export const defaultSettings: Settings = {
  staleAfter: 300 * second,
  unseenAfter: 24 * hour,
  sharedHostAfter: 30 * 60 * second,
  directed: 24 * hour,
  channels: {
    state: 60 * second,
    file_conflict: 300 * second,
    task_broadcast: 600 * second,
    heartbeat: 30 * second,
    operator_alert: 24 * hour,
    session_lifecycle: 7 * day,
    default: 300 * second,
  },
  endedSessions: 30 * day,
  loop: { limit: 20, window: 600 * second },
  maxUnread: 10_000,
  maxHeld: 1_000,
  allowNetwork: false,
};

/**
 * Settings from the environment: PARLEY_STALE_TIMEOUT (`300s`), PARLEY_KEEP_SESSIONS (`30d`),
 * PARLEY_LOOP_LIMIT (`20/10m`; the time may be missing), PARLEY_ALLOW_NETWORK_FS=1, and PARLEY_TTL, a list of
 * `CHANNEL=DURATION` where `directed` and `default` are channels too (`directed=24h,state=60s`).
 */
export function settingsFrom(env: Record<string, string | undefined>): Settings {
  const { PARLEY_STALE_TIMEOUT: stale, PARLEY_KEEP_SESSIONS: keep, PARLEY_TTL: ttl } = env;
  const loop = env["PARLEY_LOOP_LIMIT"];
  const allowNetwork = env["PARLEY_ALLOW_NETWORK_FS"] === "1";
  if (!stale && !keep && !ttl && !loop && !allowNetwork) return defaultSettings;
  const settings = { ...defaultSettings, allowNetwork, channels: { ...defaultSettings.channels } };
  if (stale) settings.staleAfter = duration(stale, "PARLEY_STALE_TIMEOUT");
  if (keep) settings.endedSessions = duration(keep, "PARLEY_KEEP_SESSIONS");
  if (loop) settings.loop = loopLimit(loop);
  for (const pair of ttl ? ttl.split(",") : []) {
    const [channel, text] = pair.split("=", 2).map((part) => part.trim());
    if (!channel || !text) {
      const message = `PARLEY_TTL holds "${pair}", which is not CHANNEL=DURATION`;
      throw new ParleyError("invalid", message, { hint: "write it as directed=24h,state=60s" });
    }
    const milliseconds = duration(text, "PARLEY_TTL");
    if (channel === "directed") settings.directed = milliseconds;
    else settings.channels[channel] = milliseconds;
  }
  return settings;
}

function loopLimit(text: string): LoopLimit {
  const [limit = "", window] = text.split("/", 2);
  return {
    limit: integer(limit, "PARLEY_LOOP_LIMIT", 0, 1000),
    window:
      window === undefined ? defaultSettings.loop.window : duration(window, "PARLEY_LOOP_LIMIT"),
  };
}

/** Life in milliseconds of an undirected message on `channel`. */
export const channelLife = (settings: Settings, channel: string): number =>
  settings.channels[channel] ?? settings.channels["default"] ?? 300 * second;
