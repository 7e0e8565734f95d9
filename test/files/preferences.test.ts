/** Preferences, kept and private. */
import { afterEach, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { defaultPreferences } from "../../src/bus/preferences";
import { createPreferenceFile } from "../../src/files/preferences";

const places: string[] = [];
afterEach(() => {
  for (const each of places.splice(0)) rmSync(each, { recursive: true });
});

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), "parley-preferences-"));
  places.push(directory);
  return join(directory, "data");
}

test("preferences are the defaults until one is changed, and the others keep their value", () => {
  const file = createPreferenceFile(place());
  expect(file.read()).toEqual(defaultPreferences);
  expect(file.change({ edits: "warn" })).toEqual({ off: false, edits: "warn", wake: "critical" });
  expect(file.change({ off: true })).toEqual({ off: true, edits: "warn", wake: "critical" });
  expect(file.read()).toEqual({ off: true, edits: "warn", wake: "critical" });
});

test("preferences are private, and what a later version wrote beside them is kept", () => {
  const directory = place();
  const file = createPreferenceFile(directory);
  file.change({ off: true });
  const path = join(directory, "preferences.json");
  writeFileSync(path, JSON.stringify({ off: true, colour: "red" }), { mode: 0o600 });
  file.change({ off: false });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ off: false, colour: "red" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a preferences file that holds something else counts as the defaults", () => {
  const directory = place();
  const file = createPreferenceFile(directory);
  file.change({ off: true });
  for (const text of ["", "[1]", "nonsense", '{"off":"yes","edits":7,"wake":true}']) {
    writeFileSync(join(directory, "preferences.json"), text);
    expect(file.read()).toEqual(defaultPreferences);
    expect(file.fault()).toContain(join(directory, "preferences.json"));
  }
});

test("nothing is wrong with preferences that are missing, or as they are written", () => {
  const file = createPreferenceFile(place());
  expect(file.fault()).toBeNull();
  file.change({ off: true, edits: "off", wake: "all" });
  expect(file.fault()).toBeNull();
});

test("preferences that cannot be written leave no draft behind", () => {
  const directory = place();
  mkdirSync(join(directory, "preferences.json"), { recursive: true });
  expect(() => createPreferenceFile(directory).change({ off: true })).toThrow("Cannot write");
  expect(readdirSync(directory)).toEqual(["preferences.json"]);
});
