/** Port: the preferences of the user for the integration with agents. */

/** What happens to an edit of a file that another live session holds: refused, allowed with a warning, or not checked. */
export const editPolicies = ["deny", "warn", "off"] as const;
export type EditPolicy = (typeof editPolicies)[number];

/** Which messages may wake an idle session: none, those of priority 3, or also those sent with `--wake`. */
export const wakePolicies = ["never", "critical", "all"] as const;
export type WakePolicy = (typeof wakePolicies)[number];

/** The choices of the machine's user for the integration with agents, in `preferences.json` in the data directory. */
export interface Preferences {
  /** Every hook of every agent is silent and permissive (`parley off`). */
  off: boolean;
  /** What `parley setup --policy` chose. */
  edits: EditPolicy;
  /** What `parley setup --wake` chose. */
  wake: WakePolicy;
}

export const defaultPreferences: Preferences = { off: false, edits: "deny", wake: "critical" };

/** Port: the file that holds the preferences. */
export interface PreferenceFile {
  /** The defaults where the file is missing or unreadable, so that no hook fails for it. */
  read(): Preferences;
  /** What is wrong with the file, so that the defaults count instead; null: nothing. */
  fault(): string | null;
  /** Changes some preferences and keeps the others. Throws `not_permitted` where it cannot be written. */
  change(some: Partial<Preferences>): Preferences;
}
