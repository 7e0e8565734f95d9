/** Edits parley's plugin file in OpenCode, and npm's settings beside it. */
import { wholeFile } from "../../setup/commands";
// oxlint-disable-next-line import/default -- its text is imported, not the module
import text from "./opencode-plugin.js" with { type: "text" };
import type { Owner } from "../../setup/program";
import type { Editor } from "../../setup/vendor";

const mark = "// Written by parley setup, which replaces and removes this file.";
const call = /^const program = (".*");$/m;

/** The plugin is a file of parley's own, which names the program once. */
export function pluginEditor(owner: Owner): Editor {
  const whole = wholeFile(owner, mark, (program) =>
    text.replace('"PROGRAM"', () => JSON.stringify(program)).trimEnd(),
  );
  return {
    ...whole,
    inspect(found) {
      const state = whole.inspect(found);
      if (found === null || state.state === "foreign") return state;
      const named = call.exec(found)?.[1];
      const programs = named === undefined ? [] : [JSON.parse(named) as string];
      // Where the plugin names another program, that is reported instead of the difference of the texts.
      const current = programs[0] !== owner.program || found === whole.install(found);
      return current
        ? { state: "complete", programs, missing: [] }
        : { state: "partial", programs, missing: ["this version of parley"] };
    },
  };
}

/**
 * OpenCode installs a package into every directory of its configuration by npm, and a plugin makes its start wait for that.
 * Without a network npm retries for more than a minute, at every start. The user's own settings stay.
 */
export const npmrcEditor = (owner: Owner): Editor => {
  const whole = wholeFile(owner, "# Written by parley setup, which removes this file.", () =>
    [
      "# OpenCode waits for npm when it starts, because there is a plugin. Without a network it is not to wait long.",
      "fetch-retries=0",
      "fetch-timeout=15000",
    ].join("\n"),
  );
  return {
    ...whole,
    inspect(found) {
      const state = whole.inspect(found);
      return state.state === "foreign" ? { ...state, state: "complete" } : state;
    },
  };
};
