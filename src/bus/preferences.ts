/** Port: what the user has chosen for the integration with agents. */

/** What an edit of a file meets that another live session holds: it is refused, allowed with a warning, or not looked at. */
export const editPolicies = ["deny", "warn", "off"] as const;
export type EditPolicy = (typeof editPolicies)[number];

/**
 * Which messages may wake an idle session: none, those of priority 3, or also whatever is sent with `--wake`.
 */
export const wakePolicies = ["never", "critical", "all"] as const;
export type WakePolicy = (typeof wakePolicies)[number];

/** What the machine's user has chosen for the integration with agents. Kept in `preferences.json` in the data directory. */
export interface Preferences {
  /** Every hook of every agent is silent and permissive (`parley off`). */
  off: boolean;
  /** What `parley setup --policy` chose. */
  edits: EditPolicy;
  /** What `parley setup --wake` chose. */
  wake: WakePolicy;
}

export const defaultPreferences: Preferences = { off: false, edits: "deny", wake: "critical" };

/** Port: where they are kept. */
export interface PreferenceFile {
  /** The defaults where the file is missing or unreadable: a hook must not fail for it. */
  read(): Preferences;
  /** What is wrong with the file, so that defaults count in its place; null where nothing is. */
  fault(): string | null;
  /** Changes some and keeps the others. Throws `not_permitted` where it cannot be written. */
  change(some: Partial<Preferences>): Preferences;
}
