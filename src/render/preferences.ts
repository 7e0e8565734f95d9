/** View of `off` and `on`. */
import type { EditPolicy, Preferences, WakePolicy } from "../bus/preferences";
import type { Style } from "./style";

const policies: Record<EditPolicy, string> = {
  deny: "an edit of a file that another session holds is refused",
  warn: "an edit of a file that another session holds is warned about",
  off: "edits are not looked at",
};

const wakes: Record<WakePolicy, string> = {
  never: "no message wakes an idle agent",
  critical: "critical messages wake an idle agent",
  all: "critical messages, and those sent with --wake, wake an idle agent",
};

/** Whether the hooks of agents work, and what they do. */
export const render = ({ off, edits, wake }: Preferences, style: Style): string[] =>
  off
    ? [
        "Hooks are off: no agent is registered, told or refused anything by them.",
        `Turn them on again with ${style.command("on")}.`,
      ]
    : [`Hooks are on: ${policies[edits]}, ${wakes[wake]}.`];
