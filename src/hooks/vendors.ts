/** The table of vendors. */
import { claude } from "../agents/claude/hooks";
import { codex } from "../agents/codex/hooks";
import type { HookVendor } from "./event";
import { gemini } from "../agents/gemini/hooks";
import { generic } from "./generic";
import { kimi } from "../agents/kimi/hooks";
import { opencode } from "../agents/opencode/hooks";

/** Vendors whose hooks are understood, by the word that the command line has for them. One file each. */
export const hookVendors: Readonly<Record<string, HookVendor>> = {
  claude,
  codex,
  gemini,
  generic,
  kimi,
  opencode,
};
