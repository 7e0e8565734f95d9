/** Lines of TOML that look like tables, in strings and lists. */
import { expect, test } from "bun:test";

import { topLines } from "../../src/setup/toml";
import { Home } from "./sandbox";

/** Lines that look like parley's tables, or like their ends, inside strings and lists. */
const tricky = `notes = """
[mcp_servers.parley]
command = "x"
[[hooks]]
\\"""
# not a comment [
""""
quoted = '''
[later]
\\'''
list = [
  ["a", "]"], # [
  [
    "b",
  ],
]
plain = "# [ \\" '''" # '''
empty = ""
inline = { a = [1], b = "}" }
`;

test("only lines outside of strings and lists can begin a table", () => {
  const lines = tricky.trimEnd().split("\n");
  const top = topLines(lines);
  expect(lines.filter((_, index) => top[index]).map((line) => line.split(" = ")[0])).toEqual([
    ...["notes", "quoted", "list", "plain", "empty", "inline"],
  ]);
  expect(topLines(lines.map((line) => `${line}\r`))).toEqual(top);
  expect(Object.keys(Bun.TOML.parse(tricky))).toHaveLength(6);
});

test.each([
  ["codex", ".codex/config.toml"],
  ["kimi", ".kimi-code/config.toml"],
])(
  "%s's own entries are found and taken out beside texts that look like them",
  async (name, file) => {
    for (const eol of ["\n", "\r\n"]) {
      const own = tricky.replaceAll("\n", eol);
      using home = new Home({ [file]: own });
      await home.setup([name]);
      const after = home.read(file) + `${eol}[later]${eol}${own}`;
      home.write(file, after);
      home.forget();
      expect((await home.setup([name])).result.changes).toEqual([]);
      home.program = home.at("moved/parley");
      await home.setup([name]);
      expect(home.read(file)).toContain(home.program);
      await home.remove([name]);
      expect(Bun.TOML.parse(home.read(file))).toEqual(Bun.TOML.parse(`${own}[later]${eol}${own}`));
      expect(home.read(file)).toEndWith(`[later]${eol}${own}`);
    }
  },
);
