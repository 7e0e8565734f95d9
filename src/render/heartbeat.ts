/** View of `heartbeat`. */
import { time } from "./format";
import { oneLine } from "./text";

export const render = ({
  session_id,
  heartbeat_at,
}: {
  session_id: string;
  heartbeat_at: string;
}): string[] => [`Heartbeat: ${oneLine(session_id)} at ${time(heartbeat_at)}`];
