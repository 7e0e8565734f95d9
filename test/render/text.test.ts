/** Hostile text. */
import { expect, test } from "bun:test";

import { ParleyError } from "../../src/bus/errors";
import { count } from "../../src/bus/text";
import { duration, size, time } from "../../src/render/format";
import { envelope, errorEnvelope, ndjson } from "../../src/render/json";
import {
  baseName,
  clean,
  code,
  oneLine,
  blockQuote,
  shortPath,
  shorten,
} from "../../src/render/text";
import { dangerous, hostile } from "./examples";

test("escape sequences go and other control characters become visible", () => {
  expect(clean("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07")).toBe("red link");
  expect(clean("a\rb\bc\x7fd\x00")).toBe("a␍b␈c␡d␀");
  expect(clean("a\r\nb\tc\n")).toBe("a\nb\tc\n");
  expect(clean("safe\u202eevil\u2066\x85")).toBe("safe\\u202eevil\\u2066\\u0085");
  expect(clean("\ud800")).toBe("\ufffd");
});

test("taking a sequence out cannot put another one together", () => {
  for (const text of ["\x1b\x1b[0m[2J", "\x1b[\x1b[0m2J", "\x1b]\x1b[0m0;x\x07", "\x1b"]) {
    expect(clean(text)).not.toMatch(dangerous);
  }
});

test("a text of nothing but beginnings of sequences or ends of lines is cleaned like any other", () => {
  const many = 250_000;
  expect(clean("\x9da\x9db\x07c")).toBe("\\u009dac");
  expect(clean("\x9d".repeat(many))).toBe("\\u009d".repeat(many));
  expect(blockQuote(`a${"\n".repeat(many)}b\n\n`)).toHaveLength(many + 1);
});

test("text in any script stays as it is", () => {
  const text = 'grüße 你好 👩‍👩‍👧 नमस्ते "quoted" --flag';
  expect(clean(text)).toBe(text);
  expect(oneLine(text)).toBe(text);
});

test("one line shows its newlines", () => {
  expect(oneLine("a\nb\r\nc\td")).toBe("a⏎b⏎c d");
  expect(oneLine(hostile)).not.toMatch(/\n/);
});

test("code spans hold any backticks", () => {
  expect(code("plain")).toBe("`plain`");
  expect(code("a`b")).toBe("`` a`b ``");
});

test("paths are shortened only below the home directory", () => {
  expect(shortPath("/home/ann/x", "/home/ann")).toBe("~/x");
  expect(shortPath("/home/ann/x", "/home/ann/")).toBe("~/x");
  expect(shortPath("/home/anna/x", "/home/ann")).toBe("/home/anna/x");
  expect(shortPath("/x", null)).toBe("/x");
  expect(shortPath("/x", "/")).toBe("/x");
  expect(baseName("/a/b.ts")).toBe("b.ts");
  expect(baseName("/a/dir/")).toBe("dir");
  expect(baseName("/")).toBe("/");
  expect(baseName("res:port/3000")).toBe("res:port/3000");
  expect(shorten("👩👩👩", 2)).toBe("👩…");
});

test("sizes, durations, counts and times have one form each", () => {
  expect([0, 1, 53248, 1_400_000].map(size)).toEqual(["0 KB", "1 KB", "52 KB", "1.3 MB"]);
  expect([0, 45, 723, 3600, 8100, 273_600, 86_401].map(duration)).toEqual([
    "0s",
    "45s",
    "12m 3s",
    "1h",
    "2h 15m",
    "3d 4h",
    "1d",
  ]);
  expect([count(1, "alert"), count(2, "alert"), count(0, "alert")]).toEqual([
    "1 alert",
    "2 alerts",
    "0 alerts",
  ]);
  expect(time("2026-02-11T00:31:37.120Z")).toBe("2026-02-11T00:31:37Z");
  expect(time("2026-02-11T00:31:37.120Z", true)).toBe("2026-02-11T00:31:37.120Z");
  expect(time("2026-02-11 00:31:37")).toBe("2026-02-11T00:31:37Z");
  expect(time("\x1b[2J")).toBe("(unknown time)");
});

test("JSON is one line, safe to print, and reads back unharmed", () => {
  const text = envelope({ text: `${hostile}\ud800` });
  expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cs}\u2028-\u202e]/u);
  expect(text).toEndWith("}\n");
  expect(JSON.parse(text)).toEqual({ ok: true, data: { text: `${hostile}\ud800` } });
});

test("envelopes carry hint, details and warnings only where there are any", () => {
  expect(envelope({ a: 1 }, [{ code: "c", message: "m" }])).toBe(
    '{"ok":true,"data":{"a":1},"warnings":[{"code":"c","message":"m"}]}\n',
  );
  expect(errorEnvelope(new ParleyError("busy", "locked"))).toBe(
    '{"ok":false,"error":{"code":"busy","message":"locked"}}\n',
  );
  expect(
    errorEnvelope(new ParleyError("conflict", "held", { hint: "ask", details: { holder: "x" } })),
  ).toBe(
    '{"ok":false,"error":{"code":"conflict","message":"held","hint":"ask","details":{"holder":"x"}}}\n',
  );
  expect(ndjson({ type: "message" })).toBe('{"type":"message"}\n');
});
