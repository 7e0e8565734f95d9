import { claude } from "./claude";
import { codex } from "./codex";
import type { HookVendor } from "./event";
import { generic } from "./generic";
import { opencode } from "./opencode";

/** Vendors whose hooks are understood, by the word that the command line has for them. One file each. */
export const hookVendors: Readonly<Record<string, HookVendor>> = {
  claude,
  codex,
  generic,
  opencode,
};
