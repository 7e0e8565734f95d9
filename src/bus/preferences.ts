/** What an edit of a file meets that another live session holds: it is refused, allowed with a warning, or not looked at. */
export const editPolicies = ["deny", "warn", "off"] as const;
export type EditPolicy = (typeof editPolicies)[number];

/** What the machine's user has chosen for the integration with agents. Kept in `preferences.json` in the data directory. */
export interface Preferences {
  /** Every hook of every agent is silent and permissive (`parley off`). */
  off: boolean;
  /** What `parley setup --policy` chose. */
  edits: EditPolicy;
}

export const defaultPreferences: Preferences = { off: false, edits: "deny" };

/** Port: where they are kept. */
export interface PreferenceFile {
  /** The defaults where the file is missing or unreadable: a hook must not fail for it. */
  read(): Preferences;
  /** Changes some and keeps the others. Throws `not_permitted` where it cannot be written. */
  change(some: Partial<Preferences>): Preferences;
}
