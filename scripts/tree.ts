/** `bun run tree [FOLDER…]`: lists every source file with the first sentence of its docstring, by folder. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");

/** The first sentence of the docstring at the very top of a file; null where the file begins with something else. */
export function firstSentence(text: string): string | null {
  const [, body] = /^\/\*\*([\s\S]*?)\*\//.exec(text) ?? [];
  const line = body
    ?.replace(/^\s*\* ?/gm, "")
    .replace(/\s+/g, " ")
    .trim();
  return line ? (/^.*?[.](?=\s[A-Z`]|$)/.exec(line)?.[0] ?? line) : null;
}

/** The TypeScript files of these folders by their paths from the root of the repository, each folder's own files together. */
export const sourceFiles = (folders = ["src", "scripts", "test"]): string[] =>
  folders
    .flatMap((folder) => [...new Bun.Glob(`${folder.replace(/\/$/, "")}/**/*.ts`).scanSync(root)])
    .filter((file) => !file.endsWith(".d.ts") && !file.includes("node_modules/"))
    .toSorted((a, b) => compare(dirname(a), dirname(b)) || compare(a, b));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const docstringOf = (file: string): string | null =>
  firstSentence(readFileSync(join(root, file), "utf8"));

if (import.meta.main) {
  const asked = process.argv.slice(2);
  let folder = "";
  for (const file of sourceFiles(asked.length > 0 ? asked : undefined)) {
    if (dirname(file) !== folder) console.log(`\n${(folder = dirname(file))}/`);
    console.log(`  ${file.slice(folder.length + 1)}: ${docstringOf(file) ?? "(no docstring)"}`);
  }
}
