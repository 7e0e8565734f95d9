/** The configuration of one agent, as setup and doctor work with it. */
import { existsSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";

import type { Finding } from "../bus/doctor";
import type { SetupPart, SetupScope } from "../bus/setup";
import { findWorktree } from "../identity/project";
import type { Owner } from "./program";

export type Env = Readonly<Record<string, string | undefined>>;

/** Where configurations are looked for. */
export interface Place {
  scope: SetupScope;
  env: Env;
  cwd: string;
  home: string;
  /** Top of the repository, or the working directory where there is none. */
  root: string;
}

/** How much of parley's part a file has. */
export interface InstallState {
  /** `foreign`: the name is taken by something that is not parley's. */
  state: "complete" | "partial" | "absent" | "foreign";
  /** Programs that parley's entries run. */
  programs: string[];
  /** What is missing, in words. */
  missing: string[];
  /** Name of a setting in it that keeps the agent from running any hook. */
  off?: string;
}

/** Pure edits of one file's text, without its byte order mark. All throw `invalid` for a text that they cannot read. */
export interface Editor {
  /** The text with parley's part in it, and the rest as it was; the same text where it is complete. Null: no such file. */
  install(text: string | null): string;
  /**
   * The text without parley's part. `base` is the text before that came into it, where it is known: objects that are empty
   * there stay when they are empty again. Null where the whole file is parley's.
   */
  remove(text: string, base: string | null): string | null;
  inspect(text: string | null): InstallState;
}

/** A file of an agent's configuration, and parley's part in it. Several parts may share a file. */
export interface ConfigFile {
  part: SetupPart;
  path: string;
  editor: Editor;
  /** The file is a program, which git runs. */
  executable?: true;
  /** The file without parley's part, where that is kept in another file and may have been changed there. */
  base?: Buffer | null;
}

/** The configuration of one agent, or of git. */
export interface VendorSetup {
  name: string;
  /** As its maker writes it. */
  title: string;
  /** Name of its program. */
  command: string;
  /** Its npm package, where the program is a script in it: running that for its version takes seconds. */
  package?: string;
  /** Its configuration directory, in the scope of the place. */
  directory(place: Place): string;
  files(place: Place, owner: Owner): ConfigFile[];
  /** What it will ask its user after a change: only the user can give trust. */
  notes(place: Place): string[];
  /** Whether it would run parley's hooks; missing where an agent has no such state. */
  trust?(request: TrustRequest): Promise<Trust> | Trust;
}

export interface TrustRequest {
  /** Absolute path of its program. */
  program: string;
  place: Place;
  owner: Owner;
}

type Trust = Omit<Finding, "check">;

export const trust = (
  status: Trust["status"],
  message: string,
  remedy: string | null = null,
): Trust => ({ status, message, remedy });

/** An agent's directory of this name, in the project or in the user's home, which a variable may name instead. */
export function configDirectory(place: Place, name: string, variable: string): string {
  if (place.scope === "project") return join(place.root, name);
  const named = place.env[variable];
  return named ? resolve(place.cwd, named) : join(place.home, name);
}

/** A project's configuration stands at the top of its working tree, or in the working directory where there is none. */
export function findPlace(where: Omit<Place, "root">): Place {
  const directory = realpathSync(where.cwd);
  return { ...where, root: findWorktree(directory)?.top ?? directory };
}

/** Absolute path of its program; null where the PATH has none. */
export const programOf = ({ command }: VendorSetup, { env, cwd }: Place): string | null =>
  Bun.which(command, { PATH: env["PATH"] ?? "", cwd });

/** Its program is there, or what it leaves behind in the user's home. */
export const isInstalled = (vendor: VendorSetup, place: Place): boolean =>
  programOf(vendor, place) !== null || existsSync(vendor.directory({ ...place, scope: "user" }));

/** Notices that the users of several agents are given after a change. */
export const notices = {
  startAgain: "sessions that are running have to be started again",
  asksForTools: "it may ask before it uses a tool of the parley server",
  namesProgram: "the files name this machine's parley: keep them out of a shared repository",
};
