/** Vendors, projects, conflicts in words. */
import type { Conflict, ConflictType } from "../bus/alert";
import type { Correspondent } from "../bus/message";
import { type Style, paintPriority } from "./style";
import { oneLine } from "./text";

/** `claude (opus-4.6)`, or the vendor alone where the model is unknown. */
export const vendor = (of: { llm_vendor: string; llm_model: string | null }): string =>
  oneLine(of.llm_model === null ? of.llm_vendor : `${of.llm_vendor} (${of.llm_model})`);

/** `codex-41200 (codex, o3)` */
export const correspondent = (
  of: Pick<Correspondent, "session_id" | "llm_vendor" | "llm_model">,
): string =>
  oneLine(
    `${of.session_id} (${[of.llm_vendor, of.llm_model].filter((part) => part !== null).join(", ")})`,
  );

export const project = (id: string | null): string => (id === null ? "(not set)" : oneLine(id));

const relations: Record<ConflictType, string> = {
  project_conflict: "also on",
  task_conflict: "also on",
  cwd_overlap: "in",
  file_conflict: "holds",
  message_loop: "in",
};

/** `[CRITICAL] project_conflict: codex-41200 also on PILOT` */
export const conflictLine = (
  style: Style,
  { type, priority, label, session_id, resource }: Conflict,
): string =>
  `${paintPriority(style, priority, `[${label}]`)} ${type}: ${oneLine(`${session_id} ${relations[type]} ${resource}`)}`;
