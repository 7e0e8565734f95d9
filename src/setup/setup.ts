/** Installs parley in the configurations of agents, or removes it: plans, applies, reports. */
import { delimiter } from "node:path";

import { ParleyError, type Warning } from "../bus/errors";
import type { SetupOutcome, SetupResult, SetupScope } from "../bus/setup";
import { apply, removeEmpty } from "./apply";
import { git, hookFiles, hookOf, isScript } from "./git";
import { findFile } from "./files";
import {
  type FileChange,
  type LinkChange,
  planInstall,
  planLinks,
  planRemoval,
  planUnlinking,
  type VendorFile,
} from "./plan";
import { installable, type Owner, runningProgram } from "./program";
import { hashOf, type Manifest, ManifestStore } from "./manifest";
import { isOwn, notesOf, reported, reportedLink } from "./report";
import { isInstalled, type Place, programOf, type VendorSetup } from "./vendor";

export interface SetupRequest {
  action: SetupResult["action"];
  /** Every agent that setup knows. */
  vendors: readonly VendorSetup[];
  /** Names of agents; none: those that are installed, and for a removal all. */
  names: readonly string[];
  /** It is no error that no agent is installed: the call has another purpose too. */
  mayBeNone?: boolean;
  place: Place;
  dataDirectory: string;
  dryRun: boolean;
  /** Where links to the program are to be (or, for a removal, no longer to be), and their names. */
  links: { directory: string | null; names: readonly string[] };
  /** The program to install, in tests. */
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
  const store = new ManifestStore(request.dataDirectory);
  const chosen = chooseVendors(request);
  let plan = makePlan(request, chosen, store);
  if (!dryRun && hasChanges(plan)) {
    plan = store.withLock(() => {
      const now = makePlan(request, chosen, store);
      perform(now, place.scope, store);
      return now;
    });
  }
  const { manifest, owner, changes, links, unhooked, warnings } = plan;
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
        ...(await Promise.all(changes.map((each) => reported(each, store, manifest, dryRun)))),
        ...links.map((each) => reportedLink(each, dryRun)),
      ],
      notes: notesOf(request, chosen, changes),
    },
    warnings,
  };
}

interface Plan {
  manifest: Manifest;
  owner: Owner;
  changes: FileChange[];
  links: LinkChange[];
  /** Repositories that lose parley's hook though git was not named. */
  unhooked: readonly string[];
  /** Repositories that have the hook afterwards. */
  repositories: string[];
  warnings: Warning[];
}

const hasChanges = ({ changes, links, repositories, manifest }: Plan): boolean =>
  changes.length + links.length > 0 || !Bun.deepEquals(repositories, manifest.repositories);

/** Reads only. */
function makePlan(
  request: SetupRequest,
  chosen: readonly VendorSetup[],
  store: ManifestStore,
): Plan {
  const { action, place } = request;
  const manifest = store.read();
  const owner = { program: request.program ?? runningProgram(), known: manifest.programs };
  if (action === "install") installable(owner);
  const hooked = isForAll(request) ? manifest.repositories : [];
  const faults = faultsOf(hooked, manifest, owner, store);
  const unhooked = hooked.filter((directory) => !faults.has(directory));
  // A hook that was replaced by a program has nothing of parley in it.
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
  // A hook that is no script any more has nothing of parley in it either.
  const settled = [...faults].flatMap(([each, { code }]) => (code === "invalid" ? [each] : []));
  const others = manifest.repositories.filter(
    (each) => ![...unhooked, ...settled, ...named].includes(each),
  );
  const { changes, warnings } =
    action === "install"
      ? planInstall(files, manifest, store)
      : {
          changes: planRemoval(files, manifest, store),
          warnings: [...faults.values()].map(({ message }) => ({
            code: "left",
            message: `left as it is: ${message}`,
          })),
        };
  const linking = linksOf(request, owner.program, manifest);
  return {
    manifest,
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

/** Why parley's hook cannot be removed from repositories: one that fails must not keep the rest from being removed. */
function faultsOf(
  repositories: readonly string[],
  manifest: Manifest,
  owner: Owner,
  store: ManifestStore,
): Map<string, ParleyError> {
  const faults = new Map<string, ParleyError>();
  for (const directory of repositories) {
    try {
      planRemoval(filesOfHook(directory, owner), manifest, store);
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      faults.set(directory, error);
    }
  }
  return faults;
}

/** A removal of everything in the user's scope, hooks of git and links included. */
const isForAll = ({ action, names, place }: SetupRequest): boolean =>
  action === "remove" && names.length === 0 && place.scope === "user";

function chooseVendors(request: SetupRequest): readonly VendorSetup[] {
  const { action, vendors, names, mayBeNone, place } = request;
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
  if (found.length > 0 || mayBeNone) return found;
  throw new ParleyError("not_found", "None of the agents that setup knows is installed here", {
    hint: `name one to set it up all the same: ${known}`,
  });
}

function linksOf(
  request: SetupRequest,
  program: string | null,
  manifest: Manifest,
): { links: LinkChange[]; warnings: Warning[] } {
  const { action, place } = request;
  const { directory, names } = request.links;
  if (action === "remove") {
    const concerns = directory !== null || isForAll(request);
    return { links: concerns ? planUnlinking(directory, names, manifest) : [], warnings: [] };
  }
  if (directory === null || program === null) return { links: [], warnings: [] };
  const { links, warnings } = planLinks(directory, names, program, manifest);
  if ((place.env["PATH"] ?? "").split(delimiter).includes(directory)) return { links, warnings };
  const message = `${directory} is not on the PATH, so its links are found by their whole path only`;
  return { links, warnings: [...warnings, { code: "not_on_path", message }] };
}

/** Backups come first. The manifest is written last, and if that fails, the files are taken back. */
function perform(
  { manifest, owner, changes, links, repositories }: Plan,
  scope: SetupScope,
  store: ManifestStore,
): void {
  const next: Manifest = { ...structuredClone(manifest), repositories };
  for (const { target, before, after, base } of changes) {
    if (before !== null && !isOwn(manifest, target, before)) store.keep(target, before);
    const name = base && store.keep(target, base);
    if (after === null || after === base) delete next.files[target];
    else next.files[target] = { base: name, after: hashOf(after) };
  }
  for (const { path, after } of links) {
    next.links = next.links.filter((each) => each !== path).concat(after === null ? [] : [path]);
  }
  if (owner.program !== null) next.programs = [...new Set([...next.programs, owner.program])];
  apply(changes, links, scope, (made) => {
    next.directories = [...new Set([...next.directories, ...made])];
    store.write(next);
  });
  store.write({ ...next, directories: removeEmpty(next.directories) });
}
