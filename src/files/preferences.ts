/** Reads and changes the user's preferences in a JSON file. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ParleyError } from "../bus/errors";
import { asObject } from "../bus/input";
import {
  defaultPreferences,
  editPolicies,
  type PreferenceFile,
  type Preferences,
  wakePolicies,
} from "../bus/preferences";

/** Keeps the preferences in a JSON file that only its user can read. What it holds beside ours is kept. */
export function createPreferenceFile(dataDirectory: string): PreferenceFile {
  const path = join(dataDirectory, "preferences.json");
  return {
    read: () => preferencesIn(readObject(path)),
    fault: () => faultIn(path),
    change(some) {
      const kept = { ...readObject(path), ...some };
      const draft = `${path}.${process.pid}`;
      try {
        if (mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })) {
          chmodSync(dataDirectory, 0o700);
        }
        // A reader sees the old file or the new one, never half of it.
        writeFileSync(draft, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
        renameSync(draft, path);
      } catch (error) {
        rmSync(draft, { force: true });
        throw new ParleyError(
          "not_permitted",
          `Cannot write ${path}: ${(error as Error).message}`,
          {
            hint: "see that you may write in parley's data directory",
            details: { path },
            cause: error,
          },
        );
      }
      return preferencesIn(kept);
    },
  };
}

function preferencesIn(object: Record<string, unknown>): Preferences {
  const { off, edits, wake } = object;
  return {
    off: off === true,
    edits: editPolicies.find((each) => each === edits) ?? defaultPreferences.edits,
    wake: wakePolicies.find((each) => each === wake) ?? defaultPreferences.wake,
  };
}

function readObject(path: string): Record<string, unknown> {
  try {
    return objectIn(path);
  } catch {
    return {};
  }
}

/** Throws where the file is missing or holds something else. */
function objectIn(path: string): Record<string, unknown> {
  const object = asObject(JSON.parse(readFileSync(path, "utf8")));
  if (object) return object;
  throw new Error("it is no JSON object");
}

const allowed: { [K in keyof Preferences]: readonly unknown[] } = {
  off: [true, false],
  edits: editPolicies,
  wake: wakePolicies,
};

function faultIn(path: string): string | null {
  try {
    const object = objectIn(path);
    const wrong = Object.entries(allowed).find(
      ([name, values]) => object[name] !== undefined && !values.includes(object[name]),
    );
    if (!wrong) return null;
    const [name, values] = wrong;
    return `${path}: ${name} is none of ${values.join(", ")}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? null : `${path} cannot be read: ${message}`;
  }
}
