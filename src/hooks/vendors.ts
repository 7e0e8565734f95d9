import { claude } from "./claude";
import { codex } from "./codex";
import type { HookVendor } from "./event";
import { gemini } from "./gemini";
import { generic } from "./generic";
import { kimi } from "./kimi";
import { opencode } from "./opencode";

/** Vendors whose hooks are understood, by the word that the command line has for them. One file each. */
export const hookVendors: Readonly<Record<string, HookVendor>> = {
  claude,
  codex,
  gemini,
  generic,
  kimi,
  opencode,
};
