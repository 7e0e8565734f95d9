/** Setup and removal on random JSON settings. */
import { expect, test } from "bun:test";

import * as fc from "fast-check";
import { createScanner, parse } from "jsonc-parser";

import { Home } from "./sandbox";

const settings = ".claude/settings.json";
const servers = ".claude.json";

/** Settings as users have them: anything at all, and hooks of others. */
const handler = fc.record({ type: fc.constant("command"), command: fc.string() });
const group = fc.record({ hooks: fc.array(handler, { maxLength: 2 }) });
const event = fc.constantFrom("Stop", "PreToolUse", "SessionStart", "Other");
const hooks = fc.dictionary(event, fc.array(group, { maxLength: 2 }));
const document = fc
  .tuple(
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }),
    fc.option(hooks),
    fc.option(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 })),
  )
  .map(([rest, own, mcp]) => {
    const { hooks: _, mcpServers: __, ...others } = rest;
    return { ...others, ...(own && { hooks: own }), ...(mcp && { mcpServers: mcp }) };
  });

const style = fc.record({
  indent: fc.constantFrom("", "  ", "    ", "\t"),
  eol: fc.constantFrom("\n", "\r\n"),
  mark: fc.boolean(),
  end: fc.constantFrom("", "\n", "\n\n"),
  // Which tokens get a comment behind them, and of which kind.
  comments: fc.array(fc.constantFrom(null, null, null, "line", "block"), { maxLength: 30 }),
});

type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

function written(value: unknown, { indent, eol, mark, end, comments }: Style): string {
  const plain = JSON.stringify(value, null, indent) + end;
  const scanner = createScanner(plain, true);
  let text = "";
  let from = 0;
  let index = 0;
  const endOfText = 17;
  while (scanner.scan() !== endOfText) {
    const to = scanner.getTokenOffset() + scanner.getTokenLength();
    text += plain.slice(from, to);
    from = to;
    const comment = comments[index++ % (comments.length || 1)];
    if (comment === "line") text += ` // ${index}\n`;
    if (comment === "block") text += `/* ${index} */`;
  }
  return (mark ? "\ufeff" : "") + (text + plain.slice(from)).replaceAll("\n", eol);
}

const commentsIn = (text: string): string[] => text.match(/\/\/ \d+|\/\* \d+ \*\//g) ?? [];

/** Empty events and hooks may go, since it is unknown which program made them. */
function sense(text: string): unknown {
  const value = parse(text.replace(/^\ufeff/, ""), [], { allowTrailingComma: true });
  const { hooks: own, mcpServers, ...rest } = value;
  const events = Object.entries(own ?? {}).filter(([, groups]) => (groups as []).length > 0);
  return {
    ...rest,
    ...(events.length > 0 && { hooks: Object.fromEntries(events) }),
    ...(Object.keys(mcpServers ?? {}).length > 0 && { mcpServers }),
  };
}

const runs = 60;

test("setup and --remove together change nothing, whatever the settings", async () => {
  await fc.assert(
    fc.asyncProperty(document, style, async (value, how) => {
      const text = written(value, how);
      using home = new Home({ [settings]: text, [servers]: text });
      const before = home.picture();
      await home.setup(["claude"]);
      const installed = [home.read(settings), home.read(servers)];
      for (const each of installed) expect(commentsIn(each)).toEqual(commentsIn(text));
      expect((await home.setup(["claude"])).result.changes).toEqual([]);
      await home.remove(["claude"]);
      expect(home.picture()).toEqual(before);
    }),
    { numRuns: runs, seed: 5 },
  );
});

test("without setup's manifest --remove still takes out parley's entries alone", async () => {
  await fc.assert(
    fc.asyncProperty(document, style, async (value, how) => {
      const text = written(value, how);
      using home = new Home({ [settings]: text, [servers]: text });
      await home.setup(["claude"]);
      home.forget();
      await home.remove(["claude"]);
      for (const name of [settings, servers]) {
        expect(sense(home.read(name))).toEqual(sense(text));
        expect(commentsIn(home.read(name))).toEqual(commentsIn(text));
        expect(home.read(name)).not.toContain(home.program);
      }
    }),
    { numRuns: runs, seed: 5 },
  );
});
