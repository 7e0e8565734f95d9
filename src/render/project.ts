/** Renders `project`: the project of this directory, and which of the candidates to take. */
import type { Occupant, ProjectCandidate, ProjectResult } from "../bus/project";
import { correspondentLabel, projectLabel } from "./session";
import { paint, type Style, title } from "./style";
import { oneLine, shortPath } from "./text";

export function projectView(data: ProjectResult, style: Style): string[] {
  const { project_id, source, root, candidates } = data;
  return [
    ...title(style, "Project"),
    `Project: ${projectLabel(project_id)}${project_id === null ? "" : ` (via ${source})`}`,
    ...(root === null ? [] : [`Root: ${shortPath(root, style.home)}`]),
    `Occupied by: ${occupants(data.occupied_by) || "nobody else"}`,
    ...(candidates.length === 0 ? [] : ["", ...candidateLines(candidates, style)]),
  ];
}

function candidateLines(candidates: readonly ProjectCandidate[], style: Style): string[] {
  const picked = candidates.find((each) => each.picked);
  return [
    paint(style, "bold", "Candidates:"),
    ...candidates.map(
      (each) =>
        `- ${shortPath(each.directory, style.home)}: ${projectLabel(each.project_id)}, ${
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
        ? correspondentLabel(each)
        : `${correspondentLabel(each)} on ${oneLine(each.task_id)}`,
    )
    .join(", ");
