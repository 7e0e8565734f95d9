/** Finds the files of a patch, also of one inside a line of shell. */

/** More files than this are a mass operation and no edit; the rest are ignored. */
export const maxFiles = 200;

const fileLine = /^[ \t]*\*\*\* (?:Add File|Update File|Delete File|Move to): (.+)$/gm;

/** Every path of a patch in the form of `apply_patch`: added, updated, deleted, moved from and to. */
export const filesOfPatch = (patch: string): string[] => limited(pathsIn(patch));

const pathsIn = (patch: string): string[] =>
  [...patch.matchAll(fileLine)].map(([, path = ""]) => path.trim()).filter(Boolean);

const limited = (paths: readonly string[]): string[] => [...new Set(paths)].slice(0, maxFiles);

/** A call of `apply_patch`, anywhere in a line of shell. */
const call = /(?:^|[\s;&|(`"'/])(?:apply_patch|applypatch)(?=[\s"'<;]|$)/m;
/** Where a patch begins and ends. */
const border = /(\*\*\* (?:Begin|End) Patch)/;
/** `cd DIR &&`, which Codex's models like to put first; and the parentheses of a subshell, which end its change of directory. */
const directoryChange =
  /[()]|(?<![^\s;&|("'])(?:cd|pushd)\s+(?:--\s+)?(?:"([^"]+)"|'([^']+)'|((?:\\.|[^\s;&|"'()\\])+))(?=\s*(?:&&|\|\||[;\n)]))/g;

/** Files that a line of shell patches with `apply_patch`, also inside `bash -lc "…"`, each in the directory of the shell by then. */
export function filesOfCommand(command: string): string[] {
  // The lines of a patch cannot be mistaken for others, so the quoting around them is not parsed.
  if (!call.test(command) || !command.includes("*** ")) return [];
  // In a quoted argument newlines may be written as escapes.
  const plain = /\n[ \t]*\*\*\* /.test(command) ? command : command.replaceAll("\\n", "\n");
  const files: string[] = [];
  const shell = new Shell();
  const written: string[] = [];
  const apply = (): void => {
    for (const path of written.splice(0)) files.push(under(shell.directory, path));
  };
  let called = false;
  let inPatch = false;
  for (const piece of plain.split(border)) {
    if (border.test(piece)) inPatch = piece.includes("Begin");
    else if (!inPatch) {
      // A patch that is first written to a file is applied by a call behind it.
      if (called) apply();
      shell.run(piece);
      called ||= call.test(piece);
    }
    written.push(...pathsIn(piece));
  }
  apply();
  return limited(files);
}

/** The directory of a shell; it is unchanged after a subshell. */
class Shell {
  directory = "";
  readonly #outer: string[] = [];

  run(text: string): void {
    for (const [token, double, single, bare] of text.matchAll(directoryChange)) {
      if (token === "(") this.#outer.push(this.directory);
      else if (token === ")") this.directory = this.#outer.pop() ?? this.directory;
      else {
        const path = double ?? single ?? bare?.replace(/\\(.)/g, "$1") ?? "";
        this.directory = under(this.directory, path);
      }
    }
  }
}

const under = (directory: string, path: string): string =>
  directory === "" || path.startsWith("/") ? path : `${directory}/${path}`;
