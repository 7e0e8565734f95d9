import type { Occupant, ProjectCandidate, ProjectResult } from "../bus/project";
import { type Look, paint, title } from "./look";
import { oneLine, shortPath } from "./text";
import { correspondent, project } from "./who";

/** The project of this directory, and which of the candidates to take. */
export function render(data: ProjectResult, look: Look): string[] {
  const { project_id, source, root, candidates } = data;
  return [
    ...title(look, "Project"),
    `Project: ${project(project_id)}${project_id === null ? "" : ` (via ${source})`}`,
    ...(root === null ? [] : [`Root: ${shortPath(root, look.home)}`]),
    `Occupied by: ${occupants(data.occupied_by) || "nobody else"}`,
    ...(candidates.length === 0 ? [] : ["", ...list(candidates, look)]),
  ];
}

function list(candidates: readonly ProjectCandidate[], look: Look): string[] {
  const picked = candidates.find((each) => each.picked);
  return [
    paint(look, "bold", "Candidates:"),
    ...candidates.map(
      (each) =>
        `- ${shortPath(each.directory, look.home)}: ${project(each.project_id)}, ${
          each.free ? "free" : `occupied by ${occupants(each.occupied_by)}`
        }${each.picked ? " (PICKED)" : ""}`,
    ),
    picked ? `Picked: ${shortPath(picked.directory, look.home)}` : "Picked: none, all are occupied",
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
