import type { LogResult } from "../bus/log";
import type { ViewOptions } from "./human";
import type { Look } from "./look";
import { baseName, clean, shortPath } from "./text";

/** `view`: the whole log of the day; otherwise what was appended is confirmed. */
export function render({ path, entry }: LogResult, look: Look, options: ViewOptions): string[] {
  if (entry === null) return [`No session log: ${shortPath(path, look.home)}`];
  if (!options["view"]) return [`Session log entry appended: ${baseName(path)}`];
  return [clean(entry).trimEnd()];
}
