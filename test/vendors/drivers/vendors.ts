/** The table of clients. */
import { claude } from "./claude";
import { codex } from "./codex";
import type { Vendor } from "./driver";
import { gemini } from "./gemini";
import { kimi } from "./kimi";
import { opencode } from "./opencode";

/** Every client that parley works with by itself. */
export const vendors: readonly Vendor[] = [claude, codex, gemini, kimi, opencode];
