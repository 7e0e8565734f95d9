/** Refuses or warns of git commands that change a worktree under other sessions. */
import { dirname, isAbsolute, relative, sep } from "node:path";

import type { Bus } from "../bus/bus";
import { livenessNow } from "../bus/caller";
import { ParleyError } from "../bus/errors";
import { sanitizeLine } from "../bus/untrusted-text";
import { readConfirmed } from "../bus/shared-hosts";
import type { Lock } from "../bus/lock";
import type { EditPolicy } from "../bus/preferences";
import type { SessionRecord } from "../bus/session";
import { uncommitted } from "../identity/git";
import { findWorktree } from "../identity/project";
import type { HookAnswer, HookEvent } from "./event";
import { type TreeChange, treeChange } from "./git";
import { shellCommands } from "./shell";

/** Changes of one line of shell that are checked; further ones are not. */
const maxChanges = 20;
/** Files of a session that are listed; further ones are counted. */
const maxNamed = 3;

/** A change, with the worktree's top as a real path. */
interface Change extends TreeChange {
  top: string;
}

/** Another session that a change concerns. */
interface Neighbour {
  record: SessionRecord;
  /** Files or directories of the worktree that it has locked, and that the change may touch. */
  held: string[];
  /** Files that it has edited, that are not committed yet, and that the change may touch. */
  edited: string[];
}

/** Refuses git's change of a worktree where another session has locks or uncommitted edits, and warns where it only works there. */
export async function guardWorktrees(
  bus: Bus,
  own: SessionRecord,
  event: HookEvent,
  policy: EditPolicy,
): Promise<HookAnswer | null> {
  const changes = changesOf(bus, event);
  if (changes.length === 0) return null;
  const others = await otherSessions(bus, own);
  const edits = new Edits(others);
  const warnings: string[] = [];
  for (const change of changes) {
    const neighbours = await neighboursOf(bus, change, others, edits);
    const affected = neighbours.filter(({ held, edited }) => held.length + edited.length > 0);
    if (change.changes === "files" && affected.length > 0) {
      const reason = dangerText(change, affected);
      if (policy === "deny") return { say: "deny", text: `parley refused this command: ${reason}` };
      warnings.push(`parley warns: ${reason}`);
    } else if (change.paths === null && neighbours.length > 0) {
      warnings.push(`parley warns: ${sharedText(change, neighbours)}`);
    }
  }
  return warnings.length > 0 ? { say: "context", text: [...new Set(warnings)].join("\n") } : null;
}

function changesOf(bus: Bus, { command, cwd }: HookEvent): Change[] {
  const found: Change[] = [];
  const seen = new Set<string>();
  for (const program of shellCommands(command ?? "", cwd, process.env)) {
    const change = treeChange(program);
    if (change === null || found.length === maxChanges) continue;
    const key = JSON.stringify(change);
    if (seen.has(key)) continue;
    seen.add(key);
    const top = topOf(bus, change.directory);
    if (top === null) continue;
    const paths = change.paths?.map((path) => realPath(bus, path)).filter((path) => path !== null);
    found.push({ ...change, top, paths: paths ?? null });
  }
  return found;
}

function topOf(bus: Bus, directory: string): string | null {
  const real = realPath(bus, directory);
  return real === null ? null : (findWorktree(real)?.top ?? null);
}

/** Null for what can be no path. */
function realPath(bus: Bus, path: string): string | null {
  try {
    return isAbsolute(path) ? bus.identity.file(path).file_path : null;
  } catch (error) {
    if (error instanceof ParleyError) return null;
    throw error;
  }
}

/** Other live sessions of this machine: the paths of another machine mean nothing here. */
async function otherSessions(bus: Bus, own: SessionRecord): Promise<SessionRecord[]> {
  const { found: live } = await readConfirmed(bus, (now) => bus.store.liveSessions(now));
  return live.filter(
    ({ session_id, machine_uuid }) =>
      session_id !== own.session_id && machine_uuid === own.machine_uuid,
  );
}

/** The sessions that work in the worktree, hold locks in it, or have edited files there. */
async function neighboursOf(
  bus: Bus,
  { top, paths }: Change,
  others: readonly SessionRecord[],
  edits: Edits,
): Promise<Neighbour[]> {
  if (others.length === 0) return [];
  const isTouched = (path: string): boolean =>
    paths === null || paths.some((each) => within(path, each) || within(each, path));
  const locks = await bus.store.locksOn([top], livenessNow(bus));
  return others.flatMap((record) => {
    const own = locks.filter((lock) => lock.session_id === record.session_id);
    const held = own.filter((lock) => isIn(top, lock)).map((lock) => lock.file_path);
    const edited = edits.of(record, top).filter(isTouched);
    const works = record.cwd !== null && findWorktree(record.cwd)?.top === top;
    if (!works && held.length + edited.length === 0) return [];
    return [{ record, held: held.filter(isTouched), edited }];
  });
}

/** Files that the sessions have edited and that are not committed. Asks git once a worktree, and not again once it failed. */
class Edits {
  private readonly uncommitted = new Map<string, ReadonlySet<string>>();
  private answers = true;

  constructor(private readonly sessions: readonly SessionRecord[]) {}

  of({ edited_files }: SessionRecord, top: string): string[] {
    const files = this.uncommitted.get(top) ?? this.ask(top);
    this.uncommitted.set(top, files);
    return edited_files.filter((file) => files.has(file));
  }

  /** Where git does not answer, every file that a session has edited counts. */
  private ask(top: string): ReadonlySet<string> {
    const files = this.sessions.flatMap((each) => each.edited_files);
    const inTree = [...new Set(files)].filter((file) => isOf(top, file));
    const changed = this.answers ? uncommitted(top, inTree) : null;
    this.answers = changed !== null;
    return new Set(changed ?? inTree);
  }
}

/** A lock on a directory above covers the worktree; one below it may be another worktree's. */
const isIn = (top: string, { file_path }: Lock): boolean =>
  within(top, file_path) || isOf(top, file_path);

const isOf = (top: string, file: string): boolean =>
  file !== top && within(file, top) && findWorktree(dirname(file))?.top === top;

const within = (path: string, directory: string): boolean => {
  const rest = relative(directory, path);
  return rest === "" || (!isAbsolute(rest) && rest !== ".." && !rest.startsWith(`..${sep}`));
};

const dangerText = (
  { call, top }: TreeChange & { top: string },
  all: readonly Neighbour[],
): string =>
  [
    `${quoteForModel(call)} would change files in ${line(top)} under another session.`,
    ...all.map((each) => `${labelOf(each)} ${holdings(each, top)}.`),
    `Work in a worktree of your own (git worktree add), or ask with: parley message ${all[0]!.record.session_id} "…"`,
  ].join(" ");

function sharedText({ call, top, changes }: Change, all: readonly Neighbour[]): string {
  const what =
    changes === "branch"
      ? `${quoteForModel(call)} moves what is checked out in ${line(top)}, and so where the next commit of others goes.`
      : `${quoteForModel(call)} changes files in ${line(top)}.`;
  const ids = all.map(labelOf).join(", ");
  return `${what} ${ids} ${all.length === 1 ? "works" : "work"} there too: tell them with parley message ${all[0]!.record.session_id} "…"`;
}

const labelOf = ({ record }: Neighbour): string => {
  const facts = [
    sanitizeLine(record.llm_vendor),
    record.task_id && `task ${sanitizeLine(record.task_id)}`,
    record.activity && `${record.activity.state} now`,
  ].filter(Boolean);
  return `Session ${record.session_id} (${facts.join(", ")})`;
};

const holdings = ({ held, edited }: Neighbour, top: string): string =>
  [
    held.length > 0 && `holds ${named(held, top)}`,
    edited.length > 0 && `has edited, and not committed, ${named(edited, top)}`,
  ]
    .filter(Boolean)
    .join(" and ");

function named(paths: readonly string[], top: string): string {
  const some = paths.slice(0, maxNamed).map((path) => line(relative(top, path) || path));
  const rest = paths.length - some.length;
  return rest > 0 ? `${some.join(", ")} and ${rest} more` : some.join(", ");
}

const quoteForModel = (call: string): string => `\`${sanitizeLine(call.replaceAll("`", "'"))}\``;
const line = (path: string): string => sanitizeLine(path, 500);
