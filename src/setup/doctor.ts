/** Doctor's findings about agents: whether each is installed, set up and heard from. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

import type { DatabaseReport, Finding } from "../bus/doctor";
import { objectIn } from "../bus/input";
import type { SetupScope } from "../bus/setup";
import { runAgent } from "./run-agent";
import { finding } from "./database";
import { findFile, textOf } from "./files";
import { hookFiles, hookOf, isScript } from "./git";
import { type Owner, runningProgram } from "./program";
import { ManifestStore } from "./manifest";
import { type InstallState, isInstalled, type Place, programOf, type VendorSetup } from "./vendor";

export interface VendorRequest {
  vendors: readonly VendorSetup[];
  place: Place;
  dataDirectory: string;
  lastSeen: DatabaseReport["last_seen"];
  /** Milliseconds since the epoch. */
  now: number;
}

/** The findings about all agents, in their order. The agents are asked at the same time. */
export async function vendorFindings(request: VendorRequest): Promise<Finding[]> {
  const { programs, repositories } = new ManifestStore(request.dataDirectory).read();
  const owner: Owner = { program: runningProgram(), known: programs };
  const all = request.vendors.map((vendor) => findingsOf(vendor, owner, request));
  const hooked = repositories.filter((directory) => existsSync(directory));
  return [
    ...(await Promise.all(all)).flat(),
    ...hooked.map((directory) => repositoryFinding(directory, owner)),
  ];
}

/** The finding about one repository's hook before commits. */
function repositoryFinding(directory: string, owner: Owner): Finding {
  const check = "git.hooks";
  const remedy = "run parley setup git in that repository";
  try {
    const path = hookOf(directory);
    const { bytes } = findFile(path);
    if (!isScript(bytes)) {
      const message = `${path} is no script any more, so parley does not look at commits`;
      const way = "have a script in its place run it and run parley setup git in that repository";
      return finding(check, "warning", message, `${way}, with --remove if that was meant`);
    }
    const [{ editor }] = hookFiles(directory, owner);
    const { state, programs } = editor.inspect(bytes && textOf(path, bytes));
    if (state === "absent") {
      const message = `${path} has lost what parley setup git wrote, so commits pass`;
      return finding(check, "warning", message, `${remedy}, with --remove if that was meant`);
    }
    const wrong = programFinding(check, programs, owner, remedy);
    if (wrong) return { ...wrong, message: `in ${path}: ${wrong.message}` };
    return state === "partial"
      ? finding(check, "warning", `${path} is not of this parley`, remedy)
      : finding(check, "ok", `in ${path}, running ${programs.join(", ")}`);
  } catch (error) {
    return finding(check, "error", (error as Error).message, "mend that file");
  }
}

async function findingsOf(
  vendor: VendorSetup,
  owner: Owner,
  { place, lastSeen, now }: VendorRequest,
): Promise<Finding[]> {
  const { name, title } = vendor;
  const program = programOf(vendor, place);
  if (!isInstalled(vendor, place)) return [finding(name, "info", `${title} is not installed`)];
  try {
    const version = versionOf(vendor, program, place);
    const parts = partsOf(vendor, owner, place);
    const own = parts.filter((each) => each.part === "hooks" && each.programs.length > 0);
    const isAsked = program !== null && own.length > 0;
    const trust = isAsked ? await vendor.trust?.({ program, place, owner }) : undefined;
    return [
      await version,
      hooksFinding(vendor, parts, owner, program !== null),
      ...(trust ? [finding(`${name}.trust`, trust.status, trust.message, trust.remedy)] : []),
      ...(own.length > 0 ? restFindings(vendor, parts, owner) : []),
      seenFinding(vendor, lastSeen[name], now),
    ];
  } catch (error) {
    return [finding(`${name}.config`, "error", (error as Error).message, "mend that file")];
  }
}

async function versionOf(
  vendor: VendorSetup,
  program: string | null,
  place: Place,
): Promise<Finding> {
  const { name, title, command } = vendor;
  if (program === null) {
    const message = `${title} has a directory here, but ${command} is not on the PATH`;
    return finding(name, "info", message);
  }
  const { env, cwd } = place;
  const version =
    packagedVersion(vendor, program) ??
    (await runAgent([program, "--version"], { env, cwd, milliseconds: 5000 }, (output, ended) =>
      ended ? (/\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? "") : null,
    ));
  if (version) return finding(name, "ok", `${title} ${version}`);
  const message = `${program} --version told no version`;
  return finding(name, "warning", message, `see whether ${command} starts at all`);
}

/** The version of the package that the program is in; null where it is in none. */
function packagedVersion({ package: own }: VendorSetup, program: string): string | null {
  if (own === undefined) return null;
  for (let path = dirname(realpathSync(program)); path !== dirname(path); path = dirname(path)) {
    const { bytes } = findFile(join(path, "package.json"));
    if (bytes === null) continue;
    const { name, version } = objectIn(bytes.toString("utf8")) ?? {};
    return name === own && typeof version === "string" ? version : null;
  }
  return null;
}

interface InstalledPart extends InstallState {
  part: string;
  path: string;
  scope: SetupScope;
}

/** Parley's parts in the user's configuration and in this project's. A file that both have in common is read once. */
function partsOf(vendor: VendorSetup, owner: Owner, place: Place): InstalledPart[] {
  const seen = new Set<string>();
  return (["user", "project"] as const).flatMap((scope) =>
    vendor.files({ ...place, scope }, owner).flatMap(({ part, path, editor }): InstalledPart[] => {
      const key = `${part} ${path}`;
      if (seen.has(key)) return [];
      seen.add(key);
      const { bytes } = findFile(path);
      return [{ part, path, scope, ...editor.inspect(bytes && textOf(path, bytes)) }];
    }),
  );
}

function hooksFinding(
  { name }: VendorSetup,
  parts: readonly InstalledPart[],
  owner: Owner,
  isRunnable: boolean,
): Finding {
  const check = `${name}.hooks`;
  const remedy = `run parley setup ${name}`;
  const hooks = parts.filter(({ part, state }) => part === "hooks" && state !== "absent");
  const [first, second] = hooks;
  if (!first) {
    const message = "parley is not set up for it";
    return isRunnable
      ? finding(check, "warning", message, remedy)
      : finding(check, "info", message);
  }
  const again = first.scope === "project" ? `${remedy} --project` : remedy;
  if (second) {
    const message = `they stand in ${first.path} and in ${second.path}, so every event is told twice`;
    return finding(check, "warning", message, `${remedy} --remove --project`);
  }
  const wrong = programFinding(check, first.programs, owner, again);
  if (wrong) return wrong;
  const switched = parts.find(({ off }) => off !== undefined);
  if (switched) {
    const message = `${switched.path} has ${switched.off}, so none of them is run`;
    return finding(check, "error", message, `take ${switched.off} out of that file`);
  }
  if (first.state === "partial") {
    const message = `${first.path} lacks those for ${first.missing.join(", ")}`;
    return finding(check, "warning", message, again);
  }
  return finding(check, "ok", `in ${first.path}, running ${first.programs.join(", ")}`);
}

/** The findings about MCP entry and commands, for an agent that has parley's hooks. */
function restFindings(
  { name }: VendorSetup,
  parts: readonly InstalledPart[],
  owner: Owner,
): Finding[] {
  const scope = parts.find(({ part, programs }) => part === "hooks" && programs.length > 0)?.scope;
  const remedy = `run parley setup ${name}${scope === "project" ? " --project" : ""}`;
  const servers = parts.filter(({ part }) => part === "mcp");
  const server = servers.find(({ state }) => state === "complete");
  const commands = parts.filter((each) => each.part === "command" && each.scope === scope);
  const stale = commands.filter(({ state }) => state === "absent" || state === "partial").length;
  const own = commands.filter(({ state }) => state === "complete").length;
  const mcp = `${name}.mcp`;
  const paths = servers.map(({ path }) => path).join(" and ");
  const total = commands.length;
  return [
    server
      ? (programFinding(mcp, server.programs, owner, remedy) ??
        finding(mcp, "ok", `in ${server.path}`))
      : finding(mcp, "warning", `${paths} has no server parley`, remedy),
    stale === 0
      ? finding(`${name}.commands`, "ok", `${own} of ${total}; others keep their names`)
      : finding(
          `${name}.commands`,
          "warning",
          `${stale} of ${total} are missing or not of this parley`,
          remedy,
        ),
  ];
}

function programFinding(
  check: string,
  programs: readonly string[],
  { program: own }: Owner,
  remedy: string,
): Finding | null {
  const gone = programs.find((each) => !existsSync(each));
  if (gone !== undefined) return finding(check, "error", `${gone} is not there any more`, remedy);
  const other = programs.find((each) => own !== null && realpathSync(each) !== own);
  if (other === undefined) return null;
  return finding(check, "warning", `it runs ${other}, and this is ${own}`, remedy);
}

function seenFinding({ name, title }: VendorSetup, at: string | undefined, now: number): Finding {
  const check = `${name}.seen`;
  if (at === undefined) return finding(check, "info", `no session of ${title} has been seen yet`);
  const minutes = Math.max(0, Math.floor((now - Date.parse(at)) / 60_000));
  return finding(check, "info", `last sign of life of a session at ${at}, ${minutes} min ago`);
}
