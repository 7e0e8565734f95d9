import { claude } from "./claude";
import { codex } from "./codex";
import type { Vendor } from "./driver";
import { opencode } from "./opencode";

/** Every client that parley works with by itself. */
export const vendors: readonly Vendor[] = [claude, codex, opencode];
