/** Where configuration is looked for. */
import { realpathSync } from "node:fs";

import { findWorktree } from "../identity/project";
import type { Place } from "./vendor";

/** A project's configuration stands at the top of its working tree, or where there is none, right here. */
export function findPlace(where: Omit<Place, "root">): Place {
  const here = realpathSync(where.cwd);
  return { ...where, root: findWorktree(here)?.top ?? here };
}
