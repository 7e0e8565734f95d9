/** Arguments. */
import { describe, expect, test } from "bun:test";

import type { ArgsDef } from "citty";

import { ParleyError } from "../../src/bus/errors";
import { choice, duration, integer, jsonObject } from "../../src/bus/input";
import { asksFor, parse, verbIndex } from "../../src/cli/parse";
import { nearest } from "../../src/cli/options";

const declared = {
  target: { type: "positional" },
  text: { type: "positional", required: false },
  priority: { type: "string", default: "2", alias: "p", valueHint: "0-3" },
  "reply-to": { type: "string" },
  kind: { type: "enum", options: ["issue", "fix"] as string[] },
  all: { type: "boolean", alias: "a" },
  log: { type: "boolean", default: true },
} as const satisfies ArgsDef;

const read = (...argv: string[]) => parse<typeof declared>(argv, { args: declared });

function refusal(action: () => unknown): ParleyError {
  try {
    action();
  } catch (error) {
    if (error instanceof ParleyError && error.code === "invalid") return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("arguments", () => {
  test("get their values, types and defaults", () => {
    const { args } = read("bob", "hello", "-a", "--reply-to=7");
    expect(args.target).toBe("bob");
    expect(args.text).toBe("hello");
    expect(args.priority).toBe("2");
    expect(args["reply-to"]).toBe("7");
    expect(args.all).toBe(true);
    expect(args.log).toBe(true);
    expect(args.kind).toBeUndefined();
  });

  test("may stand in any order, with the value as the next word or behind the equals sign", () => {
    expect(read("--priority", "3", "bob", "--kind=fix", "hello").args).toMatchObject({
      target: "bob",
      text: "hello",
      priority: "3",
      kind: "fix",
    });
  });

  test("keep any text whole: equals signs, newlines, quotes, other scripts", () => {
    for (const text of ["a=b", "line\nline", "\"q\" 'r'", "日本語 🙂", "-- a"]) {
      expect(read("bob", "--", text).args.text).toBe(text);
      expect(read("bob", `--reply-to=${text}`).args["reply-to"]).toBe(text);
    }
  });

  test("that begin with a dash are text behind --", () => {
    expect(read("bob", "--", "--priority").args.text).toBe("--priority");
    expect(read("--", "bob", "-5").args.text).toBe("-5");
    expect(read("bob", "--", "--no-log").args).toMatchObject({ text: "--no-log", log: true });
    expect(refusal(() => read("bob", "-5")).hint).toContain("behind --");
  });

  test("may be a lone dash, which is a text", () => {
    expect(read("bob", "-").args.text).toBe("-");
  });

  test("that are switches take --no- only where they are on by default", () => {
    expect(read("bob", "--no-log").args.log).toBe(false);
    expect(refusal(() => read("bob", "--no-all")).message).toContain("unknown option --no-all");
  });

  test("that are switches take true and false behind the equals sign, and nothing else", () => {
    expect(read("bob", "--all=false", "--log=false").args).toMatchObject({
      all: false,
      log: false,
    });
    expect(read("bob", "--all=true").args.all).toBe(true);
    expect(refusal(() => read("bob", "--all=yes")).message).toBe(
      "--all takes true or false, not yes",
    );
  });

  test("given twice count the last time", () => {
    expect(read("bob", "-p", "1", "--priority=3").args.priority).toBe("3");
    expect(read("bob", "--no-log", "--log").args.log).toBe(true);
  });

  test("are handed on as rest where the command says so", () => {
    const paths = { path: { type: "positional" } } as const;
    expect(parse(["a", "b", "c"], { args: paths, variadic: true }).rest).toEqual(["b", "c"]);
    const locked = parse(["a", "--", "make", "--json", "-j"], { args: paths, takesRest: true });
    expect(locked.rest).toEqual(["make", "--json", "-j"]);
    expect(locked.args._).toEqual(["a"]);
  });
});

describe("refused is", () => {
  test("an unknown option, with the one that was probably meant", () => {
    expect(refusal(() => read("bob", "--prioritty", "3")).message).toBe(
      "unknown option --prioritty; did you mean --priority?",
    );
    expect(refusal(() => read("bob", "--no-logs")).message).toContain("did you mean --no-log?");
    expect(refusal(() => read("bob", "--jsn")).message).toContain("did you mean --json?");
    expect(refusal(() => read("bob", "--wat=1")).message).toBe("unknown option --wat");
    expect(refusal(() => read("bob", "--constructor")).message).toContain("unknown option");
  });

  test("an argument too many", () => {
    const error = refusal(() => read("bob", "hello", "world"));
    expect(error.message).toBe('unexpected argument "world"');
    expect(error.hint).toContain("quotes");
  });

  test("a positional that is missing", () => {
    expect(refusal(() => read("--all")).message).toBe("TARGET is missing");
  });

  test("an option without its value, at the end or before another option", () => {
    expect(refusal(() => read("bob", "--priority")).message).toBe("--priority needs a value");
    const swallowed = refusal(() => read("bob", "--reply-to", "--all"));
    expect(swallowed.message).toBe("--reply-to needs a value, and --all is an option");
    expect(swallowed.hint).toContain("--reply-to=--all");
    expect(refusal(() => read("bob", "-p", "--")).message).toContain("needs a value");
  });

  test("an empty value", () => {
    expect(refusal(() => read("bob", "--reply-to=")).message).toBe("--reply-to is empty");
    expect(refusal(() => read("bob", "--reply-to", "")).message).toBe("--reply-to is empty");
    expect(refusal(() => read("", "x")).message).toBe("TARGET is empty");
    expect(refusal(() => read("bob", "--db=")).message).toBe("--db is empty");
  });

  test("a value outside the choices", () => {
    expect(refusal(() => read("bob", "--kind", "bug")).message).toBe(
      "--kind takes issue or fix, not bug",
    );
  });
});

describe("global options", () => {
  test("stand anywhere before --", () => {
    expect(read("--db", "x.db", "bob", "--session=s", "--as", "operator").globals).toEqual({
      db: "x.db",
      session: "s",
      as: "operator",
    });
    expect(read("bob", "--", "--json").args.text).toBe("--json");
    expect(refusal(() => read("bob", "--as", "root")).message).toContain("--as takes operator");
  });

  test("do not hide the verb", () => {
    expect(verbIndex(["--json", "--db", "x", "--session=y", "status", "z"])).toBe(4);
    expect(verbIndex(["--json"])).toBe(-1);
    expect(verbIndex(["--", "status"])).toBe(-1);
    expect(refusal(() => verbIndex(["--priority", "3", "message"])).hint).toContain("verb");
  });

  test("that are switches are seen however wrong the rest is, and not behind --", () => {
    expect(asksFor(["x", "--bad", "--json"], "json")).toBe(true);
    expect(asksFor(["x", "--", "--json"], "json")).toBe(false);
    expect(asksFor(["--json", "--json=false"], "json")).toBe(false);
    expect(asksFor(["status", "-h"], "help")).toBe(true);
    expect(asksFor(["status", "-j"], "json")).toBe(false);
  });
});

describe("values", () => {
  test("that are whole numbers lie within their limits", () => {
    expect(integer("0", "--priority", 0, 3)).toBe(0);
    expect(integer("3", "--priority", 0, 3)).toBe(3);
    expect(refusal(() => integer("7", "--priority", 0, 3)).message).toBe(
      "--priority takes a whole number from 0 to 3, not 7",
    );
    for (const text of ["", "-1", "4", "1.0", "1e0", "0x1", " 1", "+1", "one", "1".repeat(40)]) {
      expect(refusal(() => integer(text, "--priority", 0, 3)).message).toContain(
        "from 0 to 3, not",
      );
    }
    expect(refusal(() => integer("x", "A message id", 1, Number.MAX_SAFE_INTEGER)).message).toBe(
      "A message id takes a whole number of at least 1, not x",
    );
  });

  test("that are durations have a unit and are not nothing", () => {
    expect(duration("250ms", "--wait")).toBe(250);
    expect(duration("30s", "--wait")).toBe(30_000);
    expect(duration("10m", "--wait")).toBe(600_000);
    expect(duration("2h", "--wait")).toBe(7_200_000);
    expect(duration("7d", "--wait")).toBe(604_800_000);
    for (const text of ["", "10", "s", "1.5h", "-1s", "1 s", "1w", "1h30m", "10S"]) {
      expect(refusal(() => duration(text, "--wait")).message).toContain(
        "a whole number and a unit",
      );
    }
    expect(refusal(() => duration("0s", "--wait")).message).toContain("more than nothing");
    expect(refusal(() => duration("999999999999d", "--wait")).message).toContain("at most");
  });

  test("that are choices name the choices", () => {
    expect(choice("b", "--x", ["a", "b", "c"])).toBe("b");
    expect(refusal(() => choice("d e", "--x", ["a", "b", "c"])).message).toBe(
      '--x takes a, b or c, not "d e"',
    );
  });

  test("that are JSON objects are nothing but objects", () => {
    expect(jsonObject('{"a":[1]}', "--payload")).toEqual({ a: [1] });
    for (const text of ["[1]", "null", "1", '"a"']) {
      expect(refusal(() => jsonObject(text, "--payload")).message).toContain("takes a JSON object");
    }
    expect(refusal(() => jsonObject("{a:1}", "--payload")).message).toContain("is not JSON");
  });

  test("that are refused are shown on one short line", () => {
    const error = refusal(() => integer(`a\n${"b".repeat(500)}`, "--x", 0, 1));
    expect(error.message).not.toContain("\n");
    expect(error.message.length).toBeLessThan(120);
  });
});

test("a suggestion is near, or there is none", () => {
  const verbs = ["register", "unregister", "status", "message", "send"];
  expect(nearest("regster", verbs)).toBe("register");
  expect(nearest("stauts", verbs)).toBe("status");
  expect(nearest("mess", verbs)).toBe("message");
  expect(nearest("zzz", verbs)).toBeNull();
});
