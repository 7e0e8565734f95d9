/** Parsing of the output of `ps`. */
import { expect, test } from "bun:test";

import { createProcessTable } from "../../src/identity/platform";
import { createPs, parseCommandLines, parseListing, splitCommandLine } from "../../src/identity/ps";

test("a listing of macOS is read, with blanks in program paths", () => {
  const listing = parseListing(
    "    1     0 Ss   Tue Nov  3 09:05:07 2026     ??       /sbin/launchd\n" +
      "  812     1 S+   Fri Nov 20 22:54:00 2026     ttys003  /Users/Joe Doe/bin/claude\n" +
      "garbage\n",
  );
  expect([...listing.keys()]).toEqual([1, 812]);
  expect(listing.get(812)).toEqual({
    pid: 812,
    ppid: 1,
    comm: "claude",
    command: "/Users/Joe Doe/bin/claude",
    state: "S",
    start_ticks: String(Date.UTC(2026, 10, 20, 22, 54) / 1000),
    tty: "/dev/ttys003",
    image: "",
  });
  expect(listing.get(1)?.tty).toBeNull();
});

test("arguments are split at blanks, the program's own path is not", () => {
  const lines = parseCommandLines("  812 /Users/Joe Doe/bin/claude --model opus\n    7 sh -c x\n");
  expect(splitCommandLine(lines.get(812)!, "/Users/Joe Doe/bin/claude")).toEqual([
    "/Users/Joe Doe/bin/claude",
    "--model",
    "opus",
  ]);
  expect(splitCommandLine(lines.get(7)!, "sh")).toEqual(["sh", "-c", "x"]);
  expect(splitCommandLine("", undefined)).toEqual([]);
});

test.if(Bun.which("ps") !== null && process.platform !== "win32")(
  "the real ps is understood",
  async () => {
    const platform = createPs();
    const own = platform.caller()!;
    expect(own).toMatchObject({ pid: process.pid, ppid: process.ppid });
    expect(platform.argv(process.pid).length).toBeGreaterThan(0);
    const evidence = { ...platform.origin(), pid: own.pid, start_ticks: own.start_ticks };
    const table = createProcessTable(platform);
    expect(table.source).toBe("ps");
    expect(table.state(evidence)).toBe("running");
    expect(table.uptimeSeconds(evidence)).toBeGreaterThanOrEqual(0);
    expect(table.state({ ...evidence, start_ticks: "1" })).toBe("gone");
    expect(table.state({ ...evidence, pid: 99_999_999 })).toBe("gone");
  },
);
