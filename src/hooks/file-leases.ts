/** Takes leases on the files that a tool call edits, and refuses or warns where another session holds them. */
import { isAbsolute, join } from "node:path";

import type { Bus } from "../bus/bus";
import { ParleyError } from "../bus/errors";
import { sanitizeLine } from "../bus/untrusted-text";
import { retryConfirmed } from "../bus/shared-hosts";
import type { Blocker, AcquiredLocks, LockTarget } from "../bus/lock";
import type { EditPolicy } from "../bus/preferences";
import type { SessionRecord } from "../bus/session";
import type { HookAnswer, HookEvent } from "./event";

/** Lifetime of a lease that is not renewed, in milliseconds: an interrupted turn ends without an event. */
const leaseTtlMs = 10 * 60_000;

/** Warnings that are spelled out; those of a large patch would fill the model's context. */
const maxWarnings = 8;

/** The real paths of an event's files. What cannot be a path is skipped: the tool itself will refuse it. */
export function targetsOf(bus: Bus, { files, cwd }: HookEvent): LockTarget[] {
  const found = new Map<string, LockTarget>();
  for (const file of files) {
    try {
      // No path of a tool names a resource.
      const target = bus.identity.file(isAbsolute(file) ? file : join(cwd, file));
      found.set(target.file_path, target);
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
    }
  }
  return [...found.values()];
}

/** Takes or renews a lease on every file of the call; where another session holds one, it takes none and refuses the call. */
export async function leaseFiles(
  bus: Bus,
  record: SessionRecord,
  event: HookEvent,
  policy: EditPolicy,
): Promise<HookAnswer | null> {
  const targets = policy === "off" ? [] : targetsOf(bus, event);
  const held: string[] = [];
  let left = targets;
  while (left.length > 0) {
    const outcome = await acquire(bus, record, left);
    if (outcome.kind === "got") {
      return warning([...held, ...elsewhere(outcome.got)]);
    }
    const { blocker } = outcome;
    const holder = await bus.store.session(blocker.holder);
    if (policy === "deny") return { say: "deny", text: refusal(bus, blocker, holder) };
    held.push(`parley warns: ${description(bus, blocker, holder)} ${advice(blocker)}`);
    left = left.filter((target) => target.file_path !== blocker.wanted);
  }
  return warning(held);
}

function warning(lines: readonly string[]): HookAnswer | null {
  if (lines.length === 0) return null;
  const more = lines.length - maxWarnings;
  const shown = lines.slice(0, maxWarnings);
  if (more > 0) shown.push(`parley warns of ${more} more: parley status --locks`);
  return { say: "context", text: shown.join("\n") };
}

async function acquire(bus: Bus, { session_id }: SessionRecord, targets: LockTarget[]) {
  const terms = { lock_type: "advisory", ttl: leaseTtlMs, force: false, auto: true } as const;
  const outcome = await retryConfirmed(bus, (liveness) =>
    bus.store.acquireLocks(
      { session_id, targets, ...terms, waiting: null, ticket: null },
      liveness,
    ),
  );
  const changed = outcome.kind === "blocked" || outcome.got.fresh.length > 0;
  if (changed) bus.changeSignal.notify("everyone");
  return outcome;
}

const refusal = (bus: Bus, blocker: Blocker, holder: SessionRecord | null): string =>
  `parley refused this edit: ${description(bus, blocker, holder)} Work on something else, or ${advice(blocker, "ask")}`;

/** The holder, since when it holds the file, and its task. */
function description(bus: Bus, blocker: Blocker, holder: SessionRecord | null): string {
  const { resource, wanted, lock, queued } = blocker;
  const facts = [
    holder && sanitizeLine(holder.llm_vendor),
    lock && `since ${lock.locked_at} (${age(bus, lock.locked_at)} ago)`,
    holder?.task_id && `task ${sanitizeLine(holder.task_id)}`,
    holder?.activity && `${holder.activity.state} now`,
  ].filter(Boolean);
  const held = sanitizeLine(resource, 400);
  const covering =
    wanted === resource ? held : `${held}, which covers ${sanitizeLine(wanted, 400)},`;
  const session = `session ${blocker.holder}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}`;
  return queued
    ? `${session} waits for ${held} and comes first.`
    : `${covering} is held by ${session}.`;
}

const advice = ({ holder }: Blocker, verb = "Ask"): string =>
  `${verb} it with: parley message ${holder} "…"`;

function age(bus: Bus, since: string): string {
  const seconds = Math.max(0, Math.round((bus.clock.now() - Date.parse(since)) / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Only for a new lease, not for its renewals. */
const elsewhere = ({ elsewhere: locks }: AcquiredLocks): string[] =>
  locks.map(
    (lock) =>
      `parley warns: the same file of the repository is held in another worktree, ${sanitizeLine(lock.file_path, 400)}, by session ${lock.session_id} since ${lock.locked_at}. Ask it with: parley message ${lock.session_id} "…"`,
  );
