/** The result of `setup`: the agents, the changed files, and what the agents will ask. */
import type { EditPolicy, WakePolicy } from "./preferences";
import type { Warning } from "./errors";

/** All of the user's work, or one repository. */
export type SetupScope = "user" | "project";

export type SetupPart = "hooks" | "mcp" | "command" | "npm" | "link";

interface SetupVendor {
  vendor: string;
  /** As its vendor writes it. */
  title: string;
  /** Absolute path of its program; null where the PATH has none. */
  program: string | null;
  /** Its configuration directory in this scope. */
  directory: string;
}

export interface SetupChange {
  /** Null for a link, which serves all agents. */
  vendor: string | null;
  part: SetupPart;
  /** As the agent names it; a symbolic link is followed when it is written. */
  path: string;
  action: "create" | "update" | "remove";
  /** Where the previous content is kept; null where there was none, and for a dry run. */
  backup: string | null;
  /** Unified diff, for a dry run only. */
  diff: string | null;
}

export interface SetupResult {
  action: "install" | "remove";
  scope: SetupScope;
  dry_run: boolean;
  /** The program that the agents are told to run; null where it does not matter. */
  program: string | null;
  vendors: SetupVendor[];
  /** What was changed, or would be. Empty where nothing had to be done. */
  changes: SetupChange[];
  /** The policies for edits of locked files and for waking, from now on. */
  policy: { edits: EditPolicy; wake: WakePolicy; changed: boolean };
  /** What the agents will ask their user. */
  notes: { vendor: string; message: string }[];
}

export interface SetupOutcome {
  result: SetupResult;
  warnings: Warning[];
}
