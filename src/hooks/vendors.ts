import type { HookVendor } from "./event";

/** Vendors whose hooks are understood. One file each, loaded when it calls. */
export const hookVendors: Readonly<Record<string, () => Promise<{ vendor: HookVendor }>>> = {
  claude: () => import("./claude"),
  codex: () => import("./codex"),
};
