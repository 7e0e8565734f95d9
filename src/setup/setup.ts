/** Planning, doing and reporting it all. */
import { delimiter } from "node:path";

import { ParleyError, type Warning } from "../bus/errors";
import type { SetupChange, SetupOutcome, SetupResult, SetupScope } from "../bus/setup";
import { apply, removeEmpty } from "./apply";
import { git, hookFiles, hookOf, isScript } from "./git";
import { findFile } from "./files";
import { type LinkChange, planLinks, planUnlinking } from "./links";
import { type FileChange, planInstall, planRemoval, type VendorFile } from "./plan";
import { installable, type Owner, runningProgram } from "./program";
import { hashOf, type Manifest, ManifestStore } from "./manifest";
import { isInstalled, type Place, programOf, type VendorSetup } from "./vendor";

export interface SetupRequest {
  action: SetupResult["action"];
  /** Every agent that setup knows. */
  vendors: readonly VendorSetup[];
  /** Names of vendors; none: those that are installed, and for a removal all. */
  names: readonly string[];
  /** That no agent is installed is no error: something else was asked for too. */
  maybeNone?: boolean;
  place: Place;
  dataDirectory: string;
  dryRun: boolean;
  /** Where links to the program are to be (or, for a removal, no longer to be), and their names. */
  links: { directory: string | null; names: readonly string[] };
  /** Tests give another. */
  program?: string;
}

/**
 * Installs parley in the configurations of agents, or removes it. Everything is planned before anything is written. The
 * policy is the caller's: the result has none. Throws `invalid`, `not_found`, `not_permitted`, `busy`.
 */
export async function setUp(
  request: SetupRequest,
): Promise<Omit<SetupOutcome, "result"> & { result: Omit<SetupResult, "policy"> }> {
  const { action, place, dryRun } = request;
  const record = new ManifestStore(request.dataDirectory);
  const chosen = chooseVendors(request);
  let plan = makePlan(request, chosen, record);
  if (!dryRun && isSomething(plan)) {
    plan = record.alone(() => {
      const now = makePlan(request, chosen, record);
      perform(now, place.scope, record);
      return now;
    });
  }
  const { memory, owner, changes, links, unhooked, warnings } = plan;
  return {
    result: {
      action,
      scope: place.scope,
      dry_run: dryRun,
      program: action === "install" ? owner.program : null,
      vendors: [
        ...chosen.map((vendor) => ({ vendor, directory: vendor.directory(place) })),
        ...unhooked.map((directory) => ({ vendor: git, directory })),
      ].map(({ vendor, directory }) => ({
        vendor: vendor.name,
        title: vendor.title,
        program: programOf(vendor, place),
        directory,
      })),
      changes: [
        ...(await Promise.all(changes.map((each) => reported(each, record, memory, dryRun)))),
        ...links.map((each) => reportedLink(each, dryRun)),
      ],
      notes: notesOf(request, chosen, changes),
    },
    warnings,
  };
}

interface Plan {
  memory: Manifest;
  owner: Owner;
  changes: FileChange[];
  links: LinkChange[];
  /** Repositories that lose our hook though none was named. */
  unhooked: readonly string[];
  /** Those that have it afterwards. */
  repositories: string[];
  warnings: Warning[];
}

const isSomething = ({ changes, links, repositories, memory }: Plan): boolean =>
  changes.length + links.length > 0 || !Bun.deepEquals(repositories, memory.repositories);

/** Reads only. */
function makePlan(
  request: SetupRequest,
  chosen: readonly VendorSetup[],
  record: ManifestStore,
): Plan {
  const { action, place } = request;
  const memory = record.read();
  const owner = { program: request.program ?? runningProgram(), known: memory.programs };
  if (action === "install") installable(owner);
  const hooked = isForAll(request) ? memory.repositories : [];
  const faults = faultsOf(hooked, memory, owner, record);
  const unhooked = hooked.filter((each) => !faults.has(each));
  // A hook that was replaced by a program holds nothing of ours.
  const isConcerned = (vendor: VendorSetup): boolean =>
    vendor !== git ||
    action === "install" ||
    isScript(findFile(hookOf(git.directory(place))).bytes);
  const files = [
    ...chosen
      .filter(isConcerned)
      .flatMap((vendor) =>
        vendor.files(place, owner).map((file) => ({ ...file, vendor: vendor.name })),
      ),
    ...unhooked.flatMap((directory) => filesOfHook(directory, owner)),
  ];
  const named = chosen.includes(git) ? [git.directory(place)] : [];
  // What is no text of a hook any more is not ours either.
  const settled = [...faults].flatMap(([each, { code }]) => (code === "invalid" ? [each] : []));
  const others = memory.repositories.filter(
    (each) => ![...unhooked, ...settled, ...named].includes(each),
  );
  const { changes, warnings } =
    action === "install"
      ? planInstall(files, memory, record)
      : {
          changes: planRemoval(files, memory, record),
          warnings: [...faults.values()].map(({ message }) => ({
            code: "left",
            message: `left as it is: ${message}`,
          })),
        };
  const linking = linksOf(request, owner.program, memory);
  return {
    memory,
    owner,
    changes,
    links: linking.links,
    unhooked,
    repositories: action === "install" ? [...others, ...named] : others,
    warnings: [...warnings, ...linking.warnings],
  };
}

const filesOfHook = (directory: string, owner: Owner): VendorFile[] =>
  hookFiles(directory, owner).map((file) => ({ ...file, vendor: git.name }));

/** Why our hook cannot be taken out of repositories: none of them is to keep the rest from being removed. */
function faultsOf(
  repositories: readonly string[],
  memory: Manifest,
  owner: Owner,
  record: ManifestStore,
): Map<string, ParleyError> {
  const faults = new Map<string, ParleyError>();
  for (const directory of repositories) {
    try {
      planRemoval(filesOfHook(directory, owner), memory, record);
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      faults.set(directory, error);
    }
  }
  return faults;
}

/** A removal of all that is its user's: also of what serves all agents, or none. */
const isForAll = ({ action, names, place }: SetupRequest): boolean =>
  action === "remove" && names.length === 0 && place.scope === "user";

function chooseVendors(request: SetupRequest): readonly VendorSetup[] {
  const { action, vendors, names, maybeNone, place } = request;
  // No repository is set up with the agents only because git happens to be installed.
  const nameable = [...vendors, git];
  const unknown = names.find((name) => !nameable.some((each) => each.name === name));
  const known = nameable.map(({ name }) => name).join(", ");
  if (unknown !== undefined) {
    throw new ParleyError("invalid", `setup does not know the agent ${JSON.stringify(unknown)}`, {
      hint: `name one of ${known}`,
      details: { vendor: unknown },
    });
  }
  if (names.length > 0) return nameable.filter(({ name }) => names.includes(name));
  if (action === "remove") return vendors;
  const found = vendors.filter((each) => isInstalled(each, place));
  if (found.length > 0 || maybeNone) return found;
  throw new ParleyError("not_found", "None of the agents that setup knows is installed here", {
    hint: `name one to set it up all the same: ${known}`,
  });
}

function linksOf(
  request: SetupRequest,
  program: string | null,
  memory: Manifest,
): { links: LinkChange[]; warnings: Warning[] } {
  const { action, place } = request;
  const { directory, names } = request.links;
  if (action === "remove") {
    const concerns = directory !== null || isForAll(request);
    return { links: concerns ? planUnlinking(directory, names, memory) : [], warnings: [] };
  }
  if (directory === null || program === null) return { links: [], warnings: [] };
  const { links, warnings } = planLinks(directory, names, program, memory);
  if ((place.env["PATH"] ?? "").split(delimiter).includes(directory)) return { links, warnings };
  const message = `${directory} is not on the PATH, so its links are found by their whole path only`;
  return { links, warnings: [...warnings, { code: "not_on_path", message }] };
}

/** Backups come first; the memory comes last, as a part of it all that is taken back if it fails. */
function perform(
  { memory, owner, changes, links, repositories }: Plan,
  scope: SetupScope,
  record: ManifestStore,
): void {
  const next: Manifest = { ...structuredClone(memory), repositories };
  for (const { target, before, after, base } of changes) {
    if (before !== null && !isOwn(memory, target, before)) record.keep(target, before);
    const name = base && record.keep(target, base);
    if (after === null || after === base) delete next.files[target];
    else next.files[target] = { base: name, after: hashOf(after) };
  }
  for (const { path, after } of links) {
    next.links = next.links.filter((each) => each !== path).concat(after === null ? [] : [path]);
  }
  if (owner.program !== null) next.programs = [...new Set([...next.programs, owner.program])];
  apply(changes, links, scope, (made) => {
    next.directories = [...new Set([...next.directories, ...made])];
    record.write(next);
  });
  record.write({ ...next, directories: removeEmpty(next.directories) });
}

/** Nobody has changed what setup itself has made of the file: no copy is worth keeping. */
const isOwn = (memory: Manifest, target: string, bytes: Buffer): boolean =>
  memory.files[target]?.after === hashOf(bytes);

async function reported(
  { vendor, part, path, target, before, after }: FileChange,
  record: ManifestStore,
  memory: Manifest,
  dryRun: boolean,
): Promise<SetupChange> {
  const action = before === null ? "create" : after === null ? "remove" : "update";
  const backup =
    dryRun || before === null || isOwn(memory, target, before)
      ? null
      : record.backupPath(record.backupName(target, before));
  if (!dryRun) return { vendor, part, path, action, backup, diff: null };
  const { createTwoFilesPatch } = await import("diff");
  const [from, to] = [before === null ? "/dev/null" : path, after === null ? "/dev/null" : path];
  const texts = [before, after].map((bytes) => bytes?.toString("utf8") ?? "") as [string, string];
  const diff = createTwoFilesPatch(from, to, ...texts).replace(/^(Index: .*\n)?=+\n/, "");
  return { vendor, part, path, action, backup, diff };
}

function reportedLink({ path, before, after }: LinkChange, dryRun: boolean): SetupChange {
  const action = before === null ? "create" : after === null ? "remove" : "update";
  const lines = [before && `-${path} -> ${before}\n`, after && `+${path} -> ${after}\n`];
  const diff = dryRun ? lines.filter(Boolean).join("") : null;
  return { vendor: null, part: "link", path, action, backup: null, diff };
}

function notesOf(
  { action, place }: SetupRequest,
  chosen: readonly VendorSetup[],
  changes: readonly FileChange[],
): SetupResult["notes"] {
  if (action === "remove") return [];
  return chosen
    .filter(({ name }) => changes.some(({ vendor }) => vendor === name))
    .flatMap((vendor) => vendor.notes(place).map((message) => ({ vendor: vendor.name, message })));
}
