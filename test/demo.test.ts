import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

test("the demo shows a conflict, a conversation and its end, and leaves nothing behind", async () => {
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), "parley-test-")));
  try {
    const demo = Bun.spawn([process.execPath, "scripts/demo.ts"], {
      cwd: root,
      env: { PATH: "/usr/bin:/bin", HOME: temporary, TMPDIR: temporary },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [shown, complaints] = await Promise.all([demo.stdout.text(), demo.stderr.text()]);
    expect({ complaints, exitCode: await demo.exited }).toEqual({ complaints: "", exitCode: 0 });
    expect(shown).toMatch(/^claude \$ parley register /m);
    expect(shown).toMatch(/^\[CRITICAL\] project_conflict: claude-\d+ also on orchard$/m);
    expect(shown).toMatch(/^codex \$ parley message claude-\d+ ".+" --reply-to \d+ /m);
    expect(shown).toMatch(/" read \(delivered \S+, read \S+\)$/m);
    expect(readdirSync(temporary).filter((name) => name.startsWith("parley-"))).toEqual([]);
    for (const [, pid] of shown.matchAll(/^PID: (\d+)$/gm)) {
      expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});
