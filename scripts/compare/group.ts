/** What a group of commands is. */
import { play } from "./script";
import type { Stage } from "./stage";

export interface Group {
  name: string;
  /** It is about a bus in a file, or about one on a server. */
  only?: "file" | "server";
  play(stage: Stage): Promise<void>;
}

/** A group that is a script, after some preparation. */
export const story = (
  name: string,
  script: string,
  prepare?: (stage: Stage) => unknown,
): Group => ({
  name,
  async play(stage) {
    await prepare?.(stage);
    await play(stage, script);
  },
});
