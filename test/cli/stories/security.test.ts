/** Stories of other users of the machine, planted links, and secrets in logs. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { binary, canBeNobody, nobody, sandbox } from "../../support";
import { startSession as joined } from "./agents";

const [user, attacker] = [nobody, 65_533];

/** A directory that any user can reach, and the binary in it, run as a user other than root. */
async function withUser(
  story: (place: {
    root: string;
    home: string;
    run(...args: string[]): { exitCode: number; stdout: string; stderr: string };
  }) => void,
): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "parley-test-")));
  try {
    chmodSync(root, 0o755);
    const [program, home] = [join(root, "parley"), join(root, "home")];
    copyFileSync(binary, program);
    chmodSync(program, 0o755);
    mkdirSync(home);
    chownSync(home, user, user);
    const as = ["setpriv", "--reuid", `${user}`, "--regid", `${user}`, "--clear-groups"];
    story({
      root,
      home,
      run: (...args) => {
        const { exitCode, stdout, stderr } = Bun.spawnSync([...as, program, ...args], {
          cwd: home,
          env: { HOME: home, PATH: "/usr/bin:/bin" },
        });
        return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
      },
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const publish = ["publish", "state", "x", "--as", "operator"];

describe.skipIf(!canBeNobody)("Among several users (played by root)", () => {
  test("a database is refused in a directory of another user, and in one that others can write", () =>
    withUser(({ root, run }) => {
      const place = join(root, "shared");
      mkdirSync(place);
      for (const [owner, mode, reason] of [
        [attacker, 0o777, "belongs to another user"],
        [attacker, 0o755, "belongs to another user"],
        [user, 0o777, "can be written by other users"],
        [0, 0o777, "can be written by other users"],
      ] as const) {
        chownSync(place, owner, owner);
        chmodSync(place, mode);
        const { exitCode, stderr } = run(...publish, "--db", join(place, "bus.db"));
        expect([owner, mode, exitCode]).toEqual([owner, mode, 8]);
        expect(stderr).toContain(`${place} ${reason}`);
      }
    }));

  test("a shared directory such as /tmp takes a database that only its user can read", () =>
    withUser(({ root, run }) => {
      const place = join(root, "shared");
      mkdirSync(place);
      chmodSync(place, 0o1777);
      const db = join(place, "bus.db");
      expect(run(...publish, "--db", db)).toMatchObject({ exitCode: 0, stderr: "" });
      expect(statSync(db).mode & 0o777).toBe(0o600);
      expect(statSync(place).mode & 0o7777).toBe(0o1777);
    }));

  test("a database or a link that another user has put there is refused and left unchanged", () =>
    withUser(({ root, home, run }) => {
      const place = join(root, "shared");
      mkdirSync(place);
      chmodSync(place, 0o1777);
      const planted = join(place, "planted.db");
      writeFileSync(planted, "", { mode: 0o666 });
      chmodSync(planted, 0o666);
      chownSync(planted, attacker, attacker);
      expect(run(...publish, "--db", planted).exitCode).toBe(8);
      expect(readFileSync(planted, "utf8")).toBe("");
      const own = join(home, "diary");
      writeFileSync(own, "");
      chownSync(own, user, user);
      const link = join(place, "link.db");
      symlinkSync(own, link);
      lchownSync(link, attacker, attacker);
      expect(run(...publish, "--db", link).exitCode).toBe(8);
      expect(readFileSync(own, "utf8")).toBe("");
    }));

  test("no signal file is written in a directory that another user made, with links in it", () =>
    withUser(({ root, home, run }) => {
      const place = join(root, "shared");
      mkdirSync(place);
      chmodSync(place, 0o1777);
      const own = join(home, "diary");
      writeFileSync(own, "dear diary");
      chownSync(own, user, user);
      const signalDirectory = join(place, "bell");
      mkdirSync(signalDirectory, { mode: 0o777 });
      for (const name of ["all", "all.1", "all.2", "all.3", "all.4", "all.5", "all.6", "all.7"]) {
        symlinkSync(own, join(signalDirectory, name));
      }
      chownSync(signalDirectory, attacker, attacker);
      expect(run(...publish, "--db", join(place, "bus.db")).exitCode).toBe(0);
      expect(readFileSync(own, "utf8")).toBe("dear diary");
      // Nor through a link in a directory of one's own.
      chownSync(signalDirectory, user, user);
      expect(run(...publish, "--db", join(place, "bus.db")).exitCode).toBe(0);
      expect(readFileSync(own, "utf8")).toBe("dear diary");
    }));
});

test("the session log is not written through a link", async () => {
  await using s = sandbox();
  const claude = await joined(s, "claude");
  const { path } = (await claude.parley("log", "first", "--json")).json().data;
  const other = join(s.dir, "other");
  writeFileSync(other, "kept\n");
  rmSync(path);
  symlinkSync(other, path);
  const run = await claude.parley("log", "second", "--json");
  expect(run.exitCode).toBe(8);
  expect(run.json().error.code).toBe("not_permitted");
  expect(readFileSync(other, "utf8")).toBe("kept\n");
});

test("a failure in a hook is logged without any text of messages", async () => {
  await using s = sandbox();
  const claude = await joined(s, "claude");
  writeFileSync(
    s.db,
    "no database any more, and longer than a header of one hundred bytes ".repeat(4),
  );
  for (const suffix of ["-wal", "-shm"]) rmSync(s.db + suffix, { force: true });
  const payload = {
    session_id: "11111111-2222-4333-8444-555555555555",
    cwd: s.dir,
    hook_event_name: "UserPromptSubmit",
    prompt: "the secret plan",
  };
  const run = await claude.agent.run(["parley", "hook", "claude"], {
    input: JSON.stringify(payload),
  });
  expect([run.exitCode, run.stdout]).toEqual([0, ""]);
  const log = readFileSync(join(s.home, ".local/share/parley/hook.log"), "utf8");
  expect(log.trim().split("\n")).toHaveLength(1);
  expect(log).not.toContain("secret");
});
