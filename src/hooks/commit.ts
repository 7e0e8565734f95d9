/** Refuses or warns of a commit of files that other sessions hold, as git's hook before commits. */
import { relative } from "node:path";

import type { Bus } from "../bus/bus";
import { requireSession } from "../bus/caller";
import { ParleyError } from "../bus/errors";
import { sanitizeLine } from "../bus/untrusted-text";
import { readConfirmed } from "../bus/shared-hosts";
import type { Lock } from "../bus/lock";
import { withTimeLimit } from "../bus/clock";
import { staged } from "../identity/git";
import { findWorktree } from "../identity/project";
import { note, timeoutMs, type HookEnvironment } from "./run";

/** Lines for stderr, and the exit code: 2 refuses the commit, and no failure ever gives 2. */
export interface CommitVerdict {
  say: string[];
  exitCode: 0 | 2;
}

/** A file that the commit would take, and the lock of another session on it or above it. */
interface Held {
  file: string;
  lock: Lock;
}

/** Files that are listed; further ones are counted. */
const maxNamed = 10;

const passes: CommitVerdict = { say: [], exitCode: 0 };

/** Whether another live session holds a file of the commit. Never throws: a failure lets the commit pass, with a line in the log. */
export async function judgeCommit(
  event: string | null,
  environment: HookEnvironment,
): Promise<CommitVerdict> {
  try {
    if (event !== "pre-commit")
      throw new ParleyError("invalid", "git has no such event for parley");
    const { off, edits } = environment.preferences().read();
    if (off || edits === "off") return passes;
    const verdict = await withTimeLimit(timeoutMs.other, judge(environment, edits));
    if (verdict) return verdict;
    throw new ParleyError("timeout", "gave up: it took too long");
  } catch (error) {
    await note(environment, "git", event, error);
    return passes;
  }
}

async function judge(
  environment: HookEnvironment,
  policy: "deny" | "warn",
): Promise<CommitVerdict> {
  const bus = await environment.bus(timeoutMs.other);
  const top = findWorktree(bus.identity.file(".").file_path)?.top;
  if (top === undefined) throw new ParleyError("not_found", "not in a worktree of git");
  const files = staged(top);
  if (files === null)
    throw new ParleyError("not_found", "git does not say what is to be committed");
  const { found: locks } = await readConfirmed(
    bus,
    (now) => bus.store.locksOn([top], now),
    (found) => found.map(({ session_id }) => session_id),
  );
  if (locks.length === 0) return passes;
  const own = await ownSessions(bus);
  const others = locks.filter((lock) => !own.includes(lock.session_id));
  const held = files.flatMap((file): Held[] => {
    const lock = others.find(({ file_path }) => covers(file_path, file));
    return lock ? [{ file, lock }] : [];
  });
  if (held.length === 0) return passes;
  const say = await explanation(bus, top, held, policy === "deny", own.length === 0);
  return { say, exitCode: policy === "deny" ? 2 : 0 };
}

/** All sessions that the caller may be: a commit is not refused for a lock that may be the caller's own. */
async function ownSessions(bus: Bus): Promise<string[]> {
  try {
    return [(await requireSession(bus)).session_id];
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "not_registered") throw error;
    const candidates = error.details?.["candidates"];
    return Array.isArray(candidates) ? candidates.map(String) : [];
  }
}

const covers = (lock: string, file: string): boolean =>
  lock === file || file.startsWith(lock.endsWith("/") ? lock : `${lock}/`);

async function explanation(
  bus: Bus,
  top: string,
  held: readonly Held[],
  refused: boolean,
  isHuman: boolean,
): Promise<string[]> {
  const holders = [...new Set(held.map(({ lock }) => lock.session_id))];
  const count = held.length === 1 ? "a file" : `${held.length} files`;
  const rest = held.length - maxNamed;
  const ask = holders.map((id) => `parley message ${id} "…"`).join(" or ");
  return [
    `${refused ? "refused this commit" : "this commit goes through"}: it has ${count} that another session holds`,
    ...held
      .slice(0, maxNamed)
      .map(
        ({ file, lock }) =>
          `  ${sanitizeLine(relative(top, file), 500)}: ${lock.session_id}, since ${lock.locked_at}`,
      ),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    ...(await Promise.all(holders.map((id) => describe(bus, id)))),
    refused ? `Leave them out (git restore --staged FILE), or ask: ${ask}` : `Tell them: ${ask}`,
    // The human at the terminal decides; an agent is not told how to bypass the hook.
    ...(refused && isHuman ? ["To commit all the same: git commit --no-verify"] : []),
  ];
}

async function describe(bus: Bus, session_id: string): Promise<string> {
  const record = await bus.store.session(session_id);
  const facts = [
    record && sanitizeLine(record.llm_vendor),
    record?.task_id && `task ${sanitizeLine(record.task_id)}`,
    record?.cwd && `in ${sanitizeLine(record.cwd, 500)}`,
    record?.activity && `${record.activity.state} now`,
  ].filter(Boolean);
  return `${session_id}: ${facts.join(", ")}`;
}
