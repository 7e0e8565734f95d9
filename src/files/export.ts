/** Writes exports as new private files in a directory. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ParleyError } from "../bus/errors";
import type { NewFiles } from "../bus/rescue";

/** New files in a directory, which is made where it is missing; both are the user's alone. */
export function createNewFiles(directory: string): NewFiles {
  return {
    add(name, text) {
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        return addIn(directory, name, text);
      } catch (error) {
        throw new ParleyError(
          "not_permitted",
          `Cannot write in ${directory}: ${(error as Error).message}`,
          { hint: "name another directory", details: { directory }, cause: error },
        );
      }
    },
  };
}

/** `wx` neither overwrites a file nor follows a link: where the name is taken, the next number is. */
function addIn(directory: string, name: string, text: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\./, "_");
  for (let number = 1; ; number++) {
    const path = join(directory, `${plain}${number === 1 ? "" : `.${number}`}.json`);
    try {
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
