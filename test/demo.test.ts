/** Runs the demo in a copy of the sources. */
import { expect, test } from "bun:test";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

test("the demo builds what is missing, shows a conflict and a conversation, and leaves nothing behind", async () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "parley-test-")));
  const [clone, temporary] = [join(directory, "clone"), join(directory, "tmp")];
  try {
    mkdirSync(temporary);
    for (const name of ["src", "scripts", "package.json", "bunfig.toml", "tsconfig.json"]) {
      cpSync(join(root, name), join(clone, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
    const demo = Bun.spawn([process.execPath, "scripts/demo.ts"], {
      cwd: clone,
      env: { PATH: "/usr/bin:/bin", HOME: temporary, TMPDIR: temporary },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([demo.stdout.text(), demo.stderr.text()]);
    expect({ stderr, exitCode: await demo.exited }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^claude \$ parley register /m);
    expect(stdout).toMatch(/^\[CRITICAL\] project_conflict: claude-\d+ also on orchard$/m);
    expect(stdout).toMatch(/^codex \$ parley message claude-\d+ ".+" --reply-to \d+ /m);
    expect(stdout).toMatch(/^codex \$\n#\d+ .* on build .*\n> the build is green$/m);
    expect(stdout).toMatch(/" read \(delivered \S+, read \S+\)$/m);
    expect(readdirSync(temporary).filter((name) => name.startsWith("parley-"))).toEqual([]);
    for (const [, pid] of stdout.matchAll(/^PID: (\d+)$/gm)) {
      expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
