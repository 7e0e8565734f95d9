/** View of `cleanup`. */
import type { CleanupResult } from "../bus/cleanup";
import { count, size } from "./format";
import type { ViewOptions } from "./human";
import type { Style } from "./style";

/** `cleanup`; with `dryRun` what it would do. */
export function render(
  { removed, bytes_before, bytes_after }: CleanupResult,
  style: Style,
  options: ViewOptions,
): string[] {
  const what = [
    count(removed.messages, "message"),
    count(removed.alerts, "alert"),
    count(removed.sessions, "ended session"),
    count(removed.locks, "file lock"),
    count(removed.claims, "task claim"),
  ].join(", ");
  if (options["dryRun"]) return [`Would remove: ${what}`, `Database: ${size(bytes_before)}`];
  const lines = [`Removed: ${what}`, `Database: ${size(bytes_before)}, now ${size(bytes_after)}`];
  return options["shrinks"] === false
    ? [
        ...lines,
        `The file keeps its size until ${style.command("cleanup", "--vacuum")} rewrites it.`,
      ]
    : lines;
}
