/** View of `unregister`. */
import type { UnregisterResult } from "../bus/session";
import { count } from "./format";
import { oneLine } from "./text";

export const render = ({ session, released }: UnregisterResult): string[] => [
  `Session unregistered: ${oneLine(session.session_id)}`,
  "Lifecycle: session_lifecycle/ended broadcast",
  `Released: ${count(released.locks, "file lock")}, ${count(released.claims, "task claim")}`,
];
