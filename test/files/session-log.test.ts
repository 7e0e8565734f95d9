/** Session logs. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

import { ParleyError } from "../../src/bus/errors";
import { createSessionLog, maxLogBytes } from "../../src/files/session-log";

const machine = "d3d3a316-09c6-8f41-4a3f-d93e422d199c";
const at = Date.parse("2026-02-11T23:59:59.999Z");
const day = "2026-02-11";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "session-log-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const log = () =>
  createSessionLog({
    paths: { logs: join(root, "logs") },
    identity: { machine: () => ({ machine_uuid: machine, hostname: "host" }) },
  });

test("entries go to the project's file of the UTC day, below one header", () => {
  const path = log().append({ project_id: "PILOT", text: "### one\n\n", at });
  expect(path).toBe(join(root, "logs/projects/PILOT", machine, "SESSION-LOG-2026-02-11.md"));
  log().append({ project_id: "PILOT", text: "### two", at });
  expect(log().read("PILOT", day)).toBe(
    "# Session log — PILOT — 2026-02-11\n\n### one\n\n### two\n",
  );
  expect(readdirSync(dirname(path))).toEqual(["SESSION-LOG-2026-02-11.md"]);
  expect(log().append({ project_id: "PILOT", text: "x", at: at + 1 })).toEndWith("2026-02-12.md");
});

test("without a project the log is unscoped, and a day without a log is null", () => {
  expect(log().append({ project_id: null, text: "x", at })).toContain("/projects/unscoped/");
  expect(log().read("PILOT", day)).toBeNull();
});

test("no project id leads outside the root, and different ids never share a folder", () => {
  const ids = [
    null,
    "unscoped",
    "",
    ".",
    "..",
    "../../etc",
    "a/b",
    "a-b",
    "a\\b",
    "a\u0000b",
    "a\nb",
    "a ",
    "-",
    "con",
    "C:",
    "é",
    "e\u0301",
    "x".repeat(500),
    "x".repeat(501),
    "漢".repeat(300),
    "PILOT",
  ];
  const projects = join(root, "logs", "projects");
  const folders = ids.map((id) => {
    const path = log().append({ project_id: id, text: "x", at });
    return relative(projects, dirname(dirname(path)));
  });
  for (const folder of folders) expect(folder).toMatch(/^[^/\\\p{Cc}]{1,150}$/u);
  expect(folders).not.toContain("..");
  expect(new Set(folders).size).toBe(ids.length);
  expect(readdirSync(projects).length).toBe(ids.length);
});

test("a hostile project id forges nothing in the header", () => {
  log().append({ project_id: "a\n### forged\x1b[2J", text: "x", at });
  const text = log().read("a\n### forged\x1b[2J", day);
  expect(text).toStartWith("# Session log — a ### forged [2J — 2026-02-11\n");
});

test("a date that is none is refused before any file is touched", () => {
  for (const date of ["2026-13-01", "../../../etc/passwd", "", "2026-2-1"]) {
    expect(() => log().read("PILOT", date)).toThrow(expect.objectContaining({ code: "invalid" }));
  }
});

for (const umask of ["000", "077", "0277"]) {
  test(`directories are 0700 and files 0600 under umask ${umask}`, async () => {
    await writer({ umask, entries: 1 }).exited;
    const path = log().path("PILOT", day);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
  });
}

test("16 processes appending at once to a new log lose and mix nothing", async () => {
  const writers = Array.from({ length: 16 }, (_, n) => writer({ name: `w${n}`, entries: 25 }));
  for (const process of writers) expect(await process.exited).toBe(0);
  const text = log().read("PILOT", day) ?? "";
  expect(text).toStartWith("# Session log — PILOT — 2026-02-11\n\n### ");
  expect(text.match(/^# /gm)).toHaveLength(1);
  const entries = text.split(/\n\n(?=### )/).slice(1);
  expect(entries).toHaveLength(16 * 25);
  for (const entry of entries) {
    const [, name] = /^### (w\d+) /.exec(entry) ?? [];
    expect(entry.trimEnd().split("\n").slice(1)).toEqual(
      Array(40).fill(`- ${name} ${"=".repeat(200)}`),
    );
  }
  expect(readdirSync(dirname(log().path("PILOT", day)))).toHaveLength(1);
}, 60_000);

test("a place that cannot be written is not_permitted, with the path and the way out", () => {
  writeFileSync(join(root, "logs"), "a file in the way");
  try {
    log().append({ project_id: "PILOT", text: "x", at });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ParleyError);
    const { code, message, hint, details } = error as ParleyError;
    expect(code).toBe("not_permitted");
    expect(message).toContain(log().path("PILOT", day));
    expect(hint).toContain("PARLEY_LOG_DIR");
    expect(details).toEqual({ path: log().path("PILOT", day) });
  }
});

test("a log that has reached its limit takes no more and says so, and the next day begins another", () => {
  const path = log().append({ project_id: "PILOT", text: "### one", at });
  truncateSync(path, maxLogBytes - 20);
  log().append({ project_id: "PILOT", text: "### two", at });
  const { size } = statSync(path);
  const refused = () => log().append({ project_id: "PILOT", text: "### no more room", at });
  expect(refused).toThrow("it has reached 16 MiB; another begins tomorrow");
  expect(statSync(path).size).toBe(size);
  log().append({ project_id: "PILOT", text: "### no more room", at: at + 1 });
});

test("a dangling link in the way is an error, not a loop", () => {
  symlinkSync(join(root, "nowhere"), join(root, "logs"));
  expect(() => log().append({ project_id: null, text: "x", at })).toThrow(ParleyError);
});

test("what exists keeps its own mode", () => {
  mkdirSync(join(root, "logs"), { mode: 0o755 });
  log().append({ project_id: null, text: "x", at });
  expect(statSync(join(root, "logs")).mode & 0o777).toBe(0o755);
});

/** A process of its own that appends entries of 40 long lines to the log of PILOT. */
function writer({
  name = "w",
  entries,
  umask = "022",
}: {
  name?: string;
  entries: number;
  umask?: string;
}) {
  const script = `
    process.umask(0o${umask});
    const { createSessionLog } = await import(${JSON.stringify(join(import.meta.dir, "../../src/files/session-log.ts"))});
    const log = createSessionLog({
      paths: { logs: ${JSON.stringify(join(root, "logs"))} },
      identity: { machine: () => ({ machine_uuid: "${machine}", hostname: "host" }) },
    });
    const text = "### ${name} entry\\n" + "- ${name} ${"=".repeat(200)}\\n".repeat(40);
    for (let n = 0; n < ${entries}; n++) log.append({ project_id: "PILOT", text, at: ${at} });
  `;
  return Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "inherit", "inherit"] });
}
