/** The configuration of one agent, as setup and doctor work with it. */
import { existsSync, realpathSync } from "node:fs";

import type { SetupPart, SetupScope } from "../bus/setup";
import { findWorktree } from "../identity/project";
import type { Owner } from "./program";

export type Env = Readonly<Record<string, string | undefined>>;

/** Where configuration is looked for. */
export interface Place {
  scope: SetupScope;
  env: Env;
  cwd: string;
  home: string;
  /** Top of the repository, or the working directory where there is none. */
  root: string;
}

/** What a file holds of ours. */
export interface InstallState {
  /** `foreign`: the name is taken by something that is not ours. */
  state: "complete" | "partial" | "absent" | "foreign";
  /** Programs that our entries run. */
  programs: string[];
  /** What is missing of it, in words. */
  missing: string[];
  /** Name of a setting in it that keeps the agent from running any hook. */
  off?: string;
}

/** Pure edits of one file's text, without its byte order mark. All throw `invalid` for a text they do not understand. */
export interface Editor {
  /** The text with our part in it, the rest as it was; the same text where nothing is to be done. Null: no such file. */
  install(text: string | null): string;
  /**
   * The text without our part. `base` is the text before ours came into it, where that is known: what it has empty
   * stays when it is empty again. Null where the whole file is ours.
   */
  remove(text: string, base: string | null): string | null;
  inspect(text: string | null): InstallState;
}

/** A file of an agent's configuration, and our part in it. Several parts may share a file. */
export interface ConfigFile {
  part: SetupPart;
  path: string;
  editor: Editor;
  /** A program, which git runs. */
  executable?: true;
  /** What the file is without ours, where that stands beside it and may have been changed there. */
  base?: Buffer | null;
}

/** An adapter of one agent's configuration. */
export interface VendorSetup {
  name: string;
  /** As its maker writes it. */
  title: string;
  /** Name of its program. */
  command: string;
  /** Its npm package, where the program is a script in it: asking that for its version takes seconds. */
  package?: string;
  /** Its configuration directory in the place's scope. */
  directory(place: Place): string;
  files(place: Place, owner: Owner): ConfigFile[];
  /** What it will ask its user after a change: trust is the user's to give. */
  notes(place: Place): string[];
  /** Whether it would run our hooks, by its own word; missing where an agent has no such state. */
  trust?(request: TrustRequest): Promise<Trust>;
}

export interface TrustRequest {
  /** Absolute path of its program. */
  program: string;
  place: Place;
  owner: Owner;
}

export interface Trust {
  status: "ok" | "warning" | "error";
  message: string;
  remedy: string | null;
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
