/** View of `release`. */
import type { ReleaseResult } from "../bus/claim";
import { oneLine } from "./text";

export const render = ({ released }: ReleaseResult): string[] =>
  released.length === 0
    ? ["Nothing of that was claimed by this session."]
    : released.map((claim) => `Released: ${oneLine(claim.task_id)}`);
