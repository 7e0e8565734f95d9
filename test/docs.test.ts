/** Tests that the documentation is complete and its links lead somewhere. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { docstringOf, sourceFiles } from "../scripts/tree";
import { exitCodes } from "../src/bus/errors";
import { verbs } from "../src/cli/commands";
import { parse } from "../src/cli/parse";

const root = join(import.meta.dir, "..");
const read = (path: string): Promise<string> => Bun.file(join(root, path)).text();
const filesOf = (pattern: string): string[] =>
  [...new Bun.Glob(pattern).scanSync(root)]
    .filter((file) => !file.includes("node_modules/"))
    .toSorted();

const pages = ["README.md", "AGENTS.md", "CHANGELOG.md", ...filesOf("docs/**/*.md")];
const decisions = filesOf("docs/decisions/*.md");

test("every file of src, scripts and test begins with a docstring, which bun run tree lists", () => {
  expect(sourceFiles().filter((file) => docstringOf(file) === null)).toEqual([]);
});

test("AGENTS.md is short enough to be read before every task", async () => {
  expect(Buffer.byteLength(await read("AGENTS.md"))).toBeLessThanOrEqual(5 * 1024);
});

describe("Every verb", () => {
  test.each(Object.keys(verbs.modules))(
    "%s has a description of itself and of every argument",
    async (name) => {
      const { default: command } = await verbs.modules[name]!();
      expect(verbs.summaries[name]).toMatch(/^[A-Z].*[^.]$/);
      for (const [argument, def] of Object.entries(command.args)) {
        const { description, negativeDescription } = def as Record<string, string | undefined>;
        expect([argument, description ?? negativeDescription]).toEqual([
          argument,
          expect.stringMatching(/\w/),
        ]);
      }
    },
  );

  test.each(Object.keys(verbs.modules))(
    "%s has examples that its own arguments allow",
    async (name) => {
      const { default: command } = await verbs.modules[name]!();
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) {
        const [verb, ...words] = (example.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) =>
          word.replace(/^(["'])(.*)\1$/, "$2"),
        );
        expect(verb).toBe(name);
        expect(() => parse(words, command)).not.toThrow();
      }
    },
  );

  test("has a row in docs/json.md", async () => {
    const page = await read("docs/json.md");
    const missing = Object.keys(verbs.modules).filter((name) => !page.includes(`\n| \`${name}\` `));
    expect(missing).toEqual([]);
  });
});

test("docs/json.md and the README tell every exit code", async () => {
  const [contract, readme] = await Promise.all([read("docs/json.md"), read("README.md")]);
  for (const [code, exit] of Object.entries(exitCodes)) {
    expect(contract).toMatch(new RegExp(`^\\| \`${code}\` +\\| ${exit} `, "m"));
    expect(readme).toMatch(new RegExp(`^\\| ${exit} +\\| `, "m"));
  }
});

test("the README tells every environment variable that is read", async () => {
  const sources = await Promise.all(filesOf("src/**/*.ts").map(read));
  const names = new Set(sources.flatMap((text) => text.match(/\bPARLEY_[A-Z_]+\b/g) ?? []));
  // These three are no variables: the build puts their values in their place.
  for (const constant of ["VERSION", "COMMIT", "TARGET"]) names.delete(`PARLEY_${constant}`);
  const readme = await read("README.md");
  expect([...names].filter((name) => !readme.includes(`| \`${name}\` `))).toEqual([]);
});

test.each(decisions)("%s says context, decision, evidence and consequences", async (path) => {
  const page = await read(path);
  const [, number] = /\/(\d{4})-[a-z0-9-]+\.md$/.exec(path) ?? [];
  expect(page).toMatch(new RegExp(`^# 0*${Number(number)}[.:] [A-Z]`));
  expect(page.match(/^## .+$/gm)).toEqual([
    "## Context",
    "## Decision",
    "## Evidence",
    "## Consequences",
  ]);
});

test("decisions are numbered one after the other", () => {
  const numbers = decisions.map((path) => Number(/\/(\d+)-/.exec(path)?.[1]));
  expect(numbers).toEqual(decisions.map((_, index) => index + 1));
});

test.each(pages)("the links of %s lead somewhere", async (path) => {
  const links = (await read(path)).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g);
  const broken = [...links].filter(([, to]) => !existsSync(join(root, dirname(path), to ?? "")));
  expect(broken.map(([link]) => link)).toEqual([]);
});

test.each(pages)("the source files that %s names exist", async (path) => {
  const folders = new Set(filesOf("src/*/*.ts").map((file) => file.split("/")[1]));
  const pattern = `\`((?:${["src", "scripts", "test", ...folders].join("|")})/[a-z0-9./-]+\\.(?:ts|sql))\``;
  const named = [...(await read(path)).matchAll(new RegExp(pattern, "g"))].map(([, file]) => file!);
  const exists = (file: string): boolean =>
    ["", "src"].some((folder) => existsSync(join(root, folder, file)));
  expect(named.filter((file) => !exists(file))).toEqual([]);
});

test("docs/reliability.md names tests that exist, and every test of faults", async () => {
  const page = await read("docs/reliability.md");
  const named = [
    ...new Set([...page.matchAll(/`(test\/\S+\.test\.ts)`/g)].map(([, file]) => file!)),
  ];
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  expect(filesOf("test/fault/*.test.ts").filter((file) => !named.includes(file))).toEqual([]);
});
