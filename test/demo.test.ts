/** The demo. */
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
  const place = realpathSync(mkdtempSync(join(tmpdir(), "parley-test-")));
  const [clone, temporary] = [join(place, "clone"), join(place, "tmp")];
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
    const [shown, complaints] = await Promise.all([demo.stdout.text(), demo.stderr.text()]);
    expect({ complaints, exitCode: await demo.exited }).toEqual({ complaints: "", exitCode: 0 });
    expect(shown).toMatch(/^claude \$ parley register /m);
    expect(shown).toMatch(/^\[CRITICAL\] project_conflict: claude-\d+ also on orchard$/m);
    expect(shown).toMatch(/^codex \$ parley message claude-\d+ ".+" --reply-to \d+ /m);
    expect(shown).toMatch(/^codex \$\n#\d+ .* on build .*\n> the build is green$/m);
    expect(shown).toMatch(/" read \(delivered \S+, read \S+\)$/m);
    expect(readdirSync(temporary).filter((name) => name.startsWith("parley-"))).toEqual([]);
    for (const [, pid] of shown.matchAll(/^PID: (\d+)$/gm)) {
      expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
