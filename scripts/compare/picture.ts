/** How things look after a story: files and directories, the schema and the rows of an SQLite file. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";

import { Database } from "bun:sqlite";

export type Rows = Record<string, Record<string, string | number | null>[]>;

/** Written for other processes while parley runs; what it holds is in the rows, or is chance. */
const passing = /(?:\.db|\.sqlite)(?:-wal|-shm)?$|\/bell\/|\/\.git\/(?!hooks\/)|\.sample$|\.sock$/;

/** Every file, directory and link: its mode, and its content or where it leads. */
export function filePicture(root: string, without: readonly string[] = []): string[] {
  const lines: string[] = [];
  const look = (directory: string): void => {
    for (const name of readdirSync(directory).toSorted(byWhatIsTheSame(directory))) {
      const path = join(directory, name);
      const shown = relative(root, path);
      if (without.includes(shown) || passing.test(path)) continue;
      const found = lstatSync(path);
      const mode = (found.mode & 0o7777).toString(8);
      if (found.isSymbolicLink()) lines.push(`${shown} -> ${readlinkSync(path)}`);
      else if (found.isDirectory()) {
        lines.push(`${shown}/ ${mode}`);
        look(path);
      } else if (found.isFile()) {
        const text = readFileSync(path, "utf8");
        const isDatabase = text.startsWith("SQLite format 3");
        lines.push(`${shown} ${mode}`, ...(isDatabase ? ["    (a database)"] : indented(text)));
      } else lines.push(`${shown} ${mode} (special)`);
    }
  };
  look(root);
  return lines;
}

/** Names that end in a hash of a path are in the order of what the files hold. */
const byWhatIsTheSame =
  (directory: string) =>
  (one: string, other: string): number => {
    const [a, b] = [one, other].map((name) => {
      const plain = name.replace(/\.[0-9a-f]{16}$/, "");
      return plain === name ? name : plain + readFileSync(join(directory, name), "latin1");
    }) as [string, string];
    return a < b ? -1 : a > b ? 1 : 0;
  };

/** Lines of JSON and of text alike; a missing newline at the end shows. */
const indented = (text: string): string[] =>
  (text.endsWith("\n") ? text.slice(0, -1) : `${text}(no newline)`)
    .split("\n")
    .map((line) => `    | ${line}`);

/** What `sqlite_master` holds, and what the file says of itself. */
export function sqliteSchema(path: string): string {
  using database = new Database(path, { readonly: true });
  const pragmas = ["application_id", "user_version", "journal_mode", "page_size", "auto_vacuum"];
  const said = pragmas.map((name) => {
    const [value] = Object.values(database.query(`pragma ${name}`).get() as object);
    return `${name} = ${value}`;
  });
  const made = database
    .query<{ type: string; name: string; sql: string | null }, []>(
      "select type, name, sql from sqlite_master order by type, name",
    )
    .all();
  return [...said, ...made.map(({ type, name, sql }) => `${type} ${name}: ${sql}`)].join("\n");
}

export function databaseRows(path: string): Rows {
  using database = new Database(path, { readonly: true });
  const tables = database
    .query<{ name: string }, []>(
      "select name from sqlite_master where type = 'table' order by name",
    )
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => [`table ${name}`, database.query(`select * from "${name}"`).all()]),
  ) as Rows;
}
