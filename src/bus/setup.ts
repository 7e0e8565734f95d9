/** What `setup` answers. */
import type { EditPolicy, WakePolicy } from "./preferences";
import type { Warning } from "./errors";

/** For all of the user's work, or for one repository. */
export type SetupScope = "user" | "project";

/** What of an agent's configuration is concerned. */
export type SetupPart = "hooks" | "mcp" | "command" | "npm" | "link";

interface SetupVendor {
  vendor: string;
  /** As its maker writes it. */
  title: string;
  /** Absolute path of its program; null where the PATH has none. */
  program: string | null;
  /** Its configuration directory in this scope. */
  directory: string;
}

export interface SetupChange {
  /** Null for a link, which serves all. */
  vendor: string | null;
  part: SetupPart;
  /** As the agent names it; a symbolic link is followed when it is written. */
  path: string;
  action: "create" | "update" | "remove";
  /** Where what was there is kept; null where nothing was, and for a dry run. */
  backup: string | null;
  /** Unified diff, for a dry run alone. */
  diff: string | null;
}

/** The data of `setup`. */
export interface SetupResult {
  action: "install" | "remove";
  scope: SetupScope;
  dry_run: boolean;
  /** The program that the agents are told to run; null where it does not matter. */
  program: string | null;
  vendors: SetupVendor[];
  /** What was changed, or would be. Empty where there was nothing to do. */
  changes: SetupChange[];
  /** What an edit of a held file meets, and which messages wake an idle agent, from now on. */
  policy: { edits: EditPolicy; wake: WakePolicy; changed: boolean };
  /** What the agents will ask their user. */
  notes: { vendor: string; message: string }[];
}

export interface SetupOutcome {
  result: SetupResult;
  warnings: Warning[];
}
