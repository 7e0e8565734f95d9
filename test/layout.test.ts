/** Tests who may import whom, and rules that hold for every source file. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const src = join(import.meta.dir, "../src");

/** The store's operations, for any engine. */
const operations = /^store\/[^/]+$/;

/** What one verb alone needs beside the rules, its view and the contract with the loop. */
const adaptersOfVerb: Readonly<Record<string, readonly string[]>> = {
  cleanup: ["schedule"],
  doctor: ["agents/agents", "setup", "store", "cli/paths", "cli/version"],
  hook: ["agents/agents", "hooks", "files/hook-log"],
  lock: ["cli/run-command"],
  log: ["files/session-log"],
  mcp: ["mcp", "cli/version"],
  migrate: ["store", "cli/paths"],
  rescue: ["files/export", "cli/io"],
  run: ["cli/run-command"],
  setup: ["agents/agents", "setup", "cli/aliases"],
  status: ["files/session-log"],
  watch: ["cli/notify"],
};
const verbImports = ["bus", "render", "cli/command"];

/** What a place may import, by the first rule whose pattern fits. A place is its own neighbour. */
const arrow: readonly (readonly [place: RegExp, mayImport: readonly (string | RegExp)[]])[] = [
  [/^main$/, ["cli"]],
  [/^cli\/open-postgres$/, ["store", "change-signal", "bus"]],
  [
    /^cli\/context$/,
    ["store", "files", "change-signal", "agents/agents", "agent-wake", "identity", "bus"],
  ],
  [/^cli\/run$/, ["commands", "render", "bus", "agents/agents"]],
  [/^cli\//, ["commands", "render", "bus"]],
  ...Object.entries(adaptersOfVerb).map(
    ([verb, adapters]) =>
      [new RegExp(`^commands/${verb}$`), [...verbImports, ...adapters]] as const,
  ),
  [/^commands\//, verbImports],
  [/^library\//, ["bus", "cli/context", "cli/io", "cli/paths"]],
  [/^hooks\//, ["bus", "identity"]],
  [/^mcp\//, ["bus", "change-signal/file-identity"]],
  [/^setup\//, ["bus", "identity"]],
  [/^store\/(sqlite|postgres)\//, ["bus", operations]],
  [operations, ["bus"]],
  [/^agents\//, ["bus", "hooks", "setup", "agent-wake", "identity"]],
  [/^(files|change-signal|agent-wake|identity|schedule)\//, ["bus"]],
  [/^render\//, ["bus"]],
  [/^bus\//, []],
];

interface SourceFile {
  /** Below `src`, without extension. */
  name: string;
  text: string;
  /** Modules of ours by the same kind of name; any other as it is written. */
  imports: { name: string; own: boolean; typeOnly: boolean }[];
}

const sources: SourceFile[] = [...new Bun.Glob("**/*.ts").scanSync(src)]
  .filter((path) => !path.endsWith(".d.ts"))
  .toSorted()
  .map((path) => {
    const text = readFileSync(join(src, path), "utf8");
    return { name: path.replace(/\.ts$/, ""), text, imports: importsOf(path, text) };
  });

/** Reads imports as they are written, types included, which the transpiler would have dropped. */
function importsOf(path: string, text: string): SourceFile["imports"] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?([^;"'()=]*?\bfrom\s*)?["']([^"']+)["']|\b(?:import|require)\(\s*["']([^"']+)["']\s*\)/g,
  );
  return [...found].map(([, type, names, written, called]) => {
    const specifier = written ?? called ?? "";
    const own = specifier.startsWith(".");
    const name = own
      ? relative(src, join(src, dirname(path), specifier)).replace(/\.ts$/, "")
      : specifier;
    const typeOnly = type !== undefined || onlyTypes(names ?? "");
    return { name, own, typeOnly };
  });
}

/** Whether `{ type A, type B } from` names nothing that exists when the program runs. */
function onlyTypes(names: string): boolean {
  const list = /^\s*\{([^}]*)\}/
    .exec(names)?.[1]
    ?.split(",")
    .map((name) => name.trim());
  return list?.every((name) => name === "" || name.startsWith("type ")) ?? false;
}

const under = (name: string, place: string | RegExp): boolean =>
  typeof place === "string" ? name === place || name.startsWith(`${place}/`) : place.test(name);

function allowed(from: string, to: string): boolean {
  const rule = arrow.find(([place]) => place.test(from));
  if (!rule) return false;
  const level = operations.test(from) ? operations : /^(store\/[^/]+|[^/]+)\//.exec(from)?.[1];
  return [...rule[1], ...(level ? [level] : [])].some((place) => under(to, place));
}

describe("the layout", () => {
  test("has the folders that the rules speak of", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter(({ name }) => !arrow.some(([place]) => place.test(name)))).toEqual([]);
  });

  test("imports only along the arrow", () => {
    const wrong = sources.flatMap(({ name, imports }) =>
      imports
        .filter((to) => to.own && !to.name.startsWith("../package") && !allowed(name, to.name))
        .map((to) => `${name} → ${to.name}`),
    );
    expect(wrong).toEqual([]);
  });

  test("has no files that import each other in a circle, whose order of loading would matter", () => {
    expect(circles(sources)).toEqual([]);
  });

  test("has views that only read data: render imports no port and no adapter", () => {
    const pure = ["render", "bus/alert", "bus/message", "bus/text"];
    const wrong = sources
      .filter(({ name }) => under(name, "render"))
      .flatMap(({ name, imports }) =>
        imports
          .filter((to) => !to.typeOnly && !pure.some((place) => under(to.name, place)))
          .map((to) => `${name} → ${to.name}`),
      );
    expect(wrong).toEqual([]);
  });

  test("keeps bun:sqlite in the SQLite store", () => {
    const users = sources.filter(({ imports }) =>
      imports.some(({ name }) => name === "bun:sqlite"),
    );
    expect(users.map(({ name }) => name).filter((name) => !under(name, "store/sqlite"))).toEqual(
      [],
    );
  });

  test("keeps the PostgreSQL client in the PostgreSQL store", () => {
    const users = sources.filter(({ text }) => /\bSQL\b[^"]*from "bun"/.test(text));
    expect(users.map(({ name }) => name).filter((name) => !under(name, "store/postgres"))).toEqual(
      [],
    );
  });

  test("never exits the process nor touches its standard output stream", () => {
    const wrong = sources.filter(({ text }) => /\bprocess\.(exit\(|stdout\b)/.test(code(text)));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test("has no source file of more than 300 lines or 10 KB", () => {
    const long = sources.filter(
      ({ text }) => text.trimEnd().split("\n").length > 300 || Buffer.byteLength(text) > 10_240,
    );
    expect(long.map(({ name }) => name)).toEqual([]);
  });
});

/** Groups of files of which each reaches every other by its imports of values, also by those it makes later. */
function circles(files: readonly SourceFile[]): string[] {
  const next = new Map(
    files.map(({ name, imports }) => [
      name,
      imports.filter((to) => to.own && !to.typeOnly).map((to) => to.name),
    ]),
  );
  const reach = new Map(
    [...next.keys()].map((name) => {
      const found = new Set<string>();
      const open = [...(next.get(name) ?? [])];
      for (let each = open.pop(); each !== undefined; each = open.pop()) {
        if (!found.has(each)) open.push(...(next.get(each) ?? []));
        found.add(each);
      }
      return [name, found];
    }),
  );
  const groups = [...reach]
    .filter(([name, found]) => found.has(name))
    .map(([name, found]) => [...found].filter((each) => reach.get(each)?.has(name)).toSorted());
  return [...new Set(groups.map((group) => group.join(" ↔ ")))];
}

/** Without comments, which may speak of what code may not do. */
const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
