/** Which agent needs the reader. */
import type { Activity, Session } from "../bus/session";
import { duration } from "./format";
import { type Style, paint } from "./style";
import { oneLine } from "./text";

/** Who needs the reader comes first. */
const order: Activity["state"][] = ["awaiting permission", "idle", "working"];

interface Watched {
  sessions: Session[];
  hooks_off: boolean;
}

/** The operator's first question: which agent needs me. Nothing where no hook has said anything. */
export function activitySection(
  style: Style,
  { sessions, hooks_off }: Watched,
  at: number | null,
): string[] {
  if (hooks_off) {
    return [
      `**Hooks are off:** agents are neither told nor refused anything (${style.command("on")})`,
    ];
  }
  return order.flatMap((state) => {
    const those = sessions.filter(({ activity }) => activity?.state === state);
    if (those.length === 0) return [];
    const line = `**${titleOf(state)}:** ${those.map((each) => who(each, at)).join(", ")}`;
    return [state === "awaiting permission" ? paint(style, "yellow", line) : line];
  });
}

const titleOf = (state: Activity["state"]): string => state[0]?.toUpperCase() + state.slice(1);

function who({ session_id, activity }: Session, at: number | null): string {
  const seconds = at === null ? Number.NaN : (at - Date.parse(activity?.since ?? "")) / 1000;
  return `${oneLine(session_id)}${Number.isNaN(seconds) ? "" : ` (${duration(seconds)})`}`;
}
