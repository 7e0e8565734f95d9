/** `project`: the project of a directory, the sessions that work on it, and the first free one of several. */
import type { Bus } from "./bus";
import type { Caller } from "./caller";
import type { Warning } from "./errors";
import { readConfirmed } from "./shared-hosts";
import type { Identity, ProjectFinding } from "./identity";
import type { SessionRecord, SessionStatus } from "./session";

/** A live session that works on a project. */
export interface Occupant {
  session_id: string;
  llm_vendor: string;
  llm_model: string | null;
  task_id: string | null;
  cwd: string | null;
  status: SessionStatus;
}

export interface ProjectCandidate extends ProjectFinding {
  directory: string;
  occupied_by: Occupant[];
  free: boolean;
  /** The candidate to work on: at most one. */
  picked: boolean;
}

/** The data of `project`. The calling session is no occupant: it does not lock out itself. */
export interface ProjectResult extends ProjectFinding {
  occupied_by: Occupant[];
  candidates: ProjectCandidate[];
}

export interface ProjectRequest {
  cwd: string;
  /** `--project`: this project, whatever that of the directory is. */
  explicit: string | null;
  candidates: readonly string[];
}

/**
 * The project of a directory, the sessions that occupy it, and of several directories the first that is free. A project
 * that was named (`--project`, an environment variable) is picked even if it is occupied: only guesses are locked out.
 * `bus`: null where there is no database, hence no session. Throws `not_found` for a directory that does not exist.
 */
export async function findProject(
  identity: Identity,
  bus: Bus | null,
  { actor, warnings }: Caller,
  request: ProjectRequest,
): Promise<{ result: ProjectResult; warnings: Warning[] }> {
  const others = bus ? await otherSessions(bus, actor?.record?.session_id) : [];
  const inspect = (path: string) => {
    const directory = identity.directory(path);
    const found = identity.project(directory);
    const finding: ProjectFinding = request.explicit
      ? { ...found, project_id: request.explicit, source: "--project" }
      : found;
    const occupied_by = others.filter((record) => isOn(record, finding, directory)).map(occupant);
    return { directory, ...finding, occupied_by };
  };
  const { directory: _, ...own } = inspect(request.cwd);
  const candidates = request.candidates.map((path) => {
    const project = inspect(path);
    return { ...project, free: project.occupied_by.length === 0, picked: false };
  });
  const pick = candidates.find((project) => project.free || !isGuess(project));
  if (pick) pick.picked = true;
  return { result: { ...own, candidates }, warnings };
}

interface Other {
  record: SessionRecord;
  status: SessionStatus;
}

async function otherSessions(bus: Bus, current: string | undefined): Promise<Other[]> {
  const { found: live, liveness } = await readConfirmed(bus, (now) => bus.store.liveSessions(now));
  return live
    .filter((record) => record.session_id !== current)
    .map((record) => ({ record, status: liveness.judge(record).status }));
}

/** Where there is no project, the directory itself can be occupied. */
const isOn = ({ record }: Other, { project_id }: ProjectFinding, directory: string): boolean =>
  project_id === null
    ? record.project_id === null && record.cwd === directory
    : record.project_id === project_id;

const isGuess = ({ source }: ProjectFinding): boolean => source === "git" || source === "none";

const occupant = ({ record, status }: Other): Occupant => ({
  session_id: record.session_id,
  llm_vendor: record.llm_vendor,
  llm_model: record.llm_model,
  task_id: record.task_id,
  cwd: record.cwd,
  status,
});
