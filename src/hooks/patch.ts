/** More files than this are no edit but a mass operation; only the first are looked at. */
const maxFiles = 200;

const fileLine = /^[ \t]*\*\*\* (?:Add File|Update File|Delete File|Move to): (.+?)\s*$/gm;

/** Every path of a patch in the form of `apply_patch`: added, updated, deleted, moved from and to. */
export function filesOfPatch(patch: string): string[] {
  const paths = [...patch.matchAll(fileLine)].map(([, path = ""]) => path);
  return [...new Set(paths)].slice(0, maxFiles);
}

/** A call of `apply_patch`, wherever it stands in a line of shell. */
const call = /(?:^|[\s;&|(`"'/])(?:apply_patch|applypatch)(?=[\s"'<;]|$)/m;
/** `cd DIR &&`, which Codex's models like to put before. */
const moved = /(?:^|[\s;&|("'])cd\s+(?:"([^"]+)"|'([^']+)'|([^\s;&|"']+))\s*(?:&&|;|\n)/g;

/**
 * Files that a line of shell patches with `apply_patch`, by heredoc or as an argument, also inside `bash -lc "…"`. The
 * lines of a patch begin so unmistakably that the quoting around them need not be understood.
 */
export function filesOfCommand(command: string): string[] {
  const found = call.exec(command);
  if (!found || !command.includes("*** ")) return [];
  // In a quoted argument newlines may be written as escapes.
  const plain = /\n\s*\*\*\* /.test(command) ? command : command.replaceAll("\\n", "\n");
  const directory = [...command.slice(0, found.index + 1).matchAll(moved)].reduce(
    (from, [, double, single, bare]) => under(from, double ?? single ?? bare ?? ""),
    "",
  );
  return filesOfPatch(plain).map((path) => under(directory, path));
}

const under = (directory: string, path: string): string =>
  directory === "" || path.startsWith("/") ? path : `${directory}/${path}`;
