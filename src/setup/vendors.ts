/** The agents that are known, and which are installed. */
import { existsSync } from "node:fs";

import { claude } from "../agents/claude/setup";
import { codex } from "../agents/codex/setup";
import { gemini } from "../agents/gemini/setup";
import { git } from "./git";
import { kimi } from "../agents/kimi/setup";
import { opencode } from "../agents/opencode/setup";
import type { Place, Vendor } from "./vendor";

/** Every agent that setup knows, by the name that its hooks are called with. */
export const vendors: readonly Vendor[] = [claude, codex, gemini, kimi, opencode];

/** Absolute path of its program; null where the PATH has none. */
export const programOf = ({ command }: Vendor, { env, cwd }: Place): string | null =>
  Bun.which(command, { PATH: env["PATH"] ?? "", cwd });

/** What can be set up by name: no agent is set up with the others if it only happens to be installed. */
export const nameable: readonly Vendor[] = [...vendors, git];

/** Its program is there, or what it leaves behind in the user's home. */
export const isInstalled = (vendor: Vendor, place: Place): boolean =>
  programOf(vendor, place) !== null || existsSync(vendor.directory({ ...place, scope: "user" }));
