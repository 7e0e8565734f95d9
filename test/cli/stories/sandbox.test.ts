/** Stories of parley inside Codex's sandbox. */
import { expect, test } from "bun:test";
import { dirname } from "node:path";

import { type Run, type Sandbox, sandbox } from "../../support";
import { startSession, type TestSession, texts } from "./agents";

/** Whether pid and mount namespaces can be made. */
const canIsolate =
  process.platform === "linux" &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "-rmpf", "--mount-proc", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
    .exitCode === 0;

/** Runs a line as Codex's shell tool does: in a pid namespace of its own, where only the work directory is writable. */
const sandboxed = (
  s: Sandbox,
  codex: TestSession,
  line: string,
  env: Record<string, string> = {},
) =>
  codex.agent.run(
    [
      ...["unshare", "-rmpf", "--mount-proc", "sh", "-c"],
      `mount --bind ${s.home} ${s.home} && mount -o remount,ro,bind ${s.home} && ${line}`,
    ],
    {
      env: { CODEX_SANDBOX_NETWORK_DISABLED: "1", CODEX_CI: "1", ...env },
    },
  );
const idOf = (run: Run): string => run.json().data.session.session_id;

test.skipIf(!canIsolate)(
  "in Codex's sandbox a session finds itself by its variables, and may look at everything",
  async () => {
    await using s = sandbox();
    const host = { args: ["app-server", "--listen", "unix://"] };
    const codex = await startSession(s, "codex", {
      ...host,
      register: ["--session-uuid", "thread-1"],
    });
    await codex.parley("register", "--session-uuid", "thread-2", "--cwd", s.home);
    await s.parley(["message", `${codex.id}-2`, "for the second", "--as", "operator"]);
    const as = (thread: string, line: string) =>
      sandboxed(s, codex, line, { CODEX_SESSION_ID: thread, CODEX_THREAD_ID: thread });
    expect(idOf(await as("thread-1", "parley task --json"))).toBe(codex.id);
    expect(idOf(await as("thread-2", "parley task --json"))).toBe(`${codex.id}-2`);
    expect(texts(await as("thread-1", "parley inbox --json"))).toEqual([]);
    expect(texts(await as("thread-2", "parley inbox --json"))).toEqual(["for the second"]);
    for (const line of ["status --no-log", "message --sent", "conflicts", "orient", "feed"]) {
      const run = await as("thread-2", `parley ${line}`);
      expect([line, run.exitCode]).toEqual([line, 0]);
    }
    // Named by hand, and not found without any of it.
    const named = await sandboxed(s, codex, "parley task --json", { PARLEY_SESSION: codex.id });
    expect(idOf(named)).toBe(codex.id);
    expect((await sandboxed(s, codex, "parley task --json")).exitCode).toBe(7);
    expect((await as("thread-3", "parley task --json")).exitCode).toBe(7);
  },
);

test.skipIf(!canIsolate)(
  "in Codex's sandbox whatever writes is refused, and told how it can be done",
  async () => {
    await using s = sandbox();
    const codex = await startSession(s, "codex", { register: ["--session-uuid", "thread-1"] });
    const env = { CODEX_SESSION_ID: "thread-1" };
    for (const line of [
      "register",
      "message operator x",
      "lock a.ts",
      "claim H.1",
      "task H.1",
      "read --all",
      "unregister",
    ]) {
      const run = await sandboxed(s, codex, `parley ${line} --json`, env);
      expect([line, run.exitCode]).toEqual([line, 8]);
      const { error } = run.json();
      expect(error).toMatchObject({
        code: "not_permitted",
        message: `Codex's sandbox does not let this command write below ${dirname(s.db)}`,
        details: { sandbox: "codex" },
      });
      expect(error.hint).toContain("parley mcp");
      expect(error.hint).toContain(
        `"${dirname(s.db)}" to writable_roots below [sandbox_workspace_write]`,
      );
    }
    const mac = await sandboxed(s, codex, "parley register --json", {
      ...env,
      CODEX_SANDBOX: "seatbelt",
    });
    expect(mac.json().error.details.sandbox).toBe("codex");
  },
);

test("a sandbox that permits writing, or another cause of refusal, is not mentioned", async () => {
  await using s = sandbox();
  const codex = await startSession(s, "codex", { register: ["--session-uuid", "thread-1"] });
  const run = await codex.agent.run(["parley", "task", "H.1", "--json"], {
    env: { CODEX_SANDBOX_NETWORK_DISABLED: "1", CODEX_SESSION_ID: "thread-1" },
  });
  expect(idOf(run)).toBe(codex.id);
});

test.skipIf(!canIsolate)(
  "in Codex's sandbox a commit of files that another session holds is refused all the same",
  async () => {
    await using s = sandbox();
    const claude = await startSession(s, "claude");
    const codex = await startSession(s, "codex", { register: ["--session-uuid", "thread-1"] });
    const env = { CODEX_SESSION_ID: "thread-1" };
    await codex.shell(`git init -q && git config user.name You && git config user.email you@example.org
      parley setup git && echo text > a.txt && echo text > b.txt && git add -A`);
    await claude.parley("lock", "a.txt");
    await codex.parley("lock", "b.txt");
    const refused = await sandboxed(s, codex, "git commit -q -m all", env);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`\n  a.txt: ${claude.id}, since `);
    expect(refused.stderr).not.toContain("b.txt");
    const own = await sandboxed(s, codex, "git commit -q -m own b.txt", env);
    expect(own).toMatchObject({ exitCode: 0, stderr: "" });
  },
);
