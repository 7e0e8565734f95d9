/** View of `log`. */
import type { LogResult } from "../bus/log";
import type { ViewOptions } from "./human";
import type { Style } from "./style";
import { baseName, clean, shortPath } from "./text";

/** `view`: the whole log of the day; otherwise what was appended is confirmed. */
export function render({ path, entry }: LogResult, style: Style, options: ViewOptions): string[] {
  if (entry === null) return [`No session log: ${shortPath(path, style.home)}`];
  if (!options["view"]) return [`Session log entry appended: ${baseName(path)}`];
  return [clean(entry).trimEnd()];
}
