/** View of `project`. */
import type { Occupant, ProjectCandidate, ProjectResult } from "../bus/project";
import { type Style, paint, title } from "./style";
import { oneLine, shortPath } from "./text";
import { correspondent, project } from "./labels";

/** The project of this directory, and which of the candidates to take. */
export function render(data: ProjectResult, style: Style): string[] {
  const { project_id, source, root, candidates } = data;
  return [
    ...title(style, "Project"),
    `Project: ${project(project_id)}${project_id === null ? "" : ` (via ${source})`}`,
    ...(root === null ? [] : [`Root: ${shortPath(root, style.home)}`]),
    `Occupied by: ${occupants(data.occupied_by) || "nobody else"}`,
    ...(candidates.length === 0 ? [] : ["", ...list(candidates, style)]),
  ];
}

function list(candidates: readonly ProjectCandidate[], style: Style): string[] {
  const picked = candidates.find((each) => each.picked);
  return [
    paint(style, "bold", "Candidates:"),
    ...candidates.map(
      (each) =>
        `- ${shortPath(each.directory, style.home)}: ${project(each.project_id)}, ${
          each.free ? "free" : `occupied by ${occupants(each.occupied_by)}`
        }${each.picked ? " (PICKED)" : ""}`,
    ),
    picked
      ? `Picked: ${shortPath(picked.directory, style.home)}`
      : "Picked: none, all are occupied",
  ];
}

const occupants = (all: readonly Occupant[]): string =>
  all
    .map((each) =>
      each.task_id === null
        ? correspondent(each)
        : `${correspondent(each)} on ${oneLine(each.task_id)}`,
    )
    .join(", ");
