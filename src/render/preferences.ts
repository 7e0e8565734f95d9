import type { EditPolicy, Preferences } from "../bus/preferences";
import type { Look } from "./look";

const policies: Record<EditPolicy, string> = {
  deny: "an edit of a file that another session holds is refused",
  warn: "an edit of a file that another session holds is warned about",
  off: "edits are not looked at",
};

/** Whether the hooks of agents work, and what they do. */
export const render = ({ off, edits }: Preferences, look: Look): string[] =>
  off
    ? [
        "Hooks are off: no agent is registered, told or refused anything by them.",
        `Turn them on again with ${look.command("on")}.`,
      ]
    : [`Hooks are on: ${policies[edits]}.`];
