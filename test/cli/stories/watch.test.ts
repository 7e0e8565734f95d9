/** Stories of `status --watch` and `heartbeat --watch`. */
import { expect, test } from "bun:test";

import { binary, type Sandbox, sandbox } from "../../support";
import { startSession } from "./agents";

const clear = "\x1b[H\x1b[2J";

/** `parley` in a terminal of its own, as a person would run it. */
function inTerminal(base: Sandbox["env"], args: string[], env: Record<string, string> = {}) {
  let screen = "";
  const changes = new Set<() => void>();
  const decoder = new TextDecoder();
  const child = Bun.spawn([binary, ...args], {
    env: { ...base, TERM: "xterm-256color", ...env },
    terminal: {
      cols: 100,
      rows: 40,
      data: (_, bytes) => {
        screen += decoder.decode(bytes, { stream: true });
        for (const change of changes) change();
      },
    },
  });
  return {
    child,
    screen: () => screen,
    /** Waits until the screen matches; the test's time limit ends the wait. */
    until: (condition: (screen: string) => boolean): Promise<void> =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition(screen)) return;
          changes.delete(check);
          resolve();
        };
        changes.add(check);
        check();
      }),
  };
}

/** The text of each redraw. */
const frames = (screen: string): string[] => screen.split(clear).slice(1);

test("status --watch draws the dashboard again when the bus changes, and Ctrl-C ends it", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const watch = inTerminal(s.env, ["status", "--watch"]);
  await watch.until((screen) => screen.includes("1 active session |"));
  const codex = await startSession(s, "codex", { cwd: s.home });
  await watch.until((screen) => frames(screen).at(-1)!.includes(`**Session: ${codex.id}**`));
  await claude.parley("unregister");
  await watch.until((screen) => /ended/.test(frames(screen).at(-1)!));
  watch.child.terminal!.write("\x03");
  expect(await watch.child.exited).toBe(0);
  // In a terminal there are colours; a watch logs nothing.
  expect(watch.screen()).toContain("\x1b[1mCross-LLM Session Dashboard\x1b[22m");
  expect(watch.screen()).not.toContain("Session log entry");
});

test("watching a filtered list marks nothing, and has no colours in a pipe", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const watch = inTerminal(s.env, ["status", "--watch", "--stats"], { NO_COLOR: "1" });
  await watch.until((screen) => screen.includes("v2 pending: 0"));
  await claude.parley("message", "operator", "x");
  await watch.until((screen) => screen.includes("v2 pending: 1"));
  watch.child.kill("SIGTERM");
  expect(await watch.child.exited).toBe(0);
  expect(watch.screen().replaceAll(`${clear}\x1b[3J`, "")).not.toContain("\x1b");
});

test("two processes that watch do not wake each other endlessly", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const watches = [claude, codex].map(({ id }) =>
    inTerminal(s.env, ["status", "--watch", "--json", "--session", id]),
  );
  const seen = (text: string) =>
    Promise.all(watches.map(({ until }) => until((screen) => screen.includes(text))));
  const lines = () => watches.map(({ screen }) => screen().split("\n").length);
  await seen('"type":"status"');
  await claude.parley("task", "first");
  await seen('"task_id":"first"');
  const before = lines();
  // Time in which nothing changes.
  for (let reads = 0; reads < 20; reads++) await s.parley(["status", "--locks"]);
  for (const { child } of watches) child.kill("SIGINT");
  await Promise.all(watches.map(({ child }) => child.exited));
  for (const [index, count] of lines().entries()) expect(count - before[index]!).toBeLessThan(4);
});

test("with --json a watch is one line an event, which the reader may stop reading", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  // A reader that is gone is noticed with the next event.
  const firstOf = (watch: string) =>
    claude.shell(
      `{ ${watch}; echo "exit $?" >&2; } | { head -n 1; exec <&-; parley message operator x >/dev/null; }`,
    );
  const all = await firstOf("parley status --watch --json");
  expect(all.stderr).toBe("exit 0\n");
  expect(all.json()).toMatchObject({ type: "status", this_session: claude.id });
  const view = await firstOf("parley status --watch --locks --json");
  expect(view.json()).toEqual({ type: "status", locks: [] });
});

test("heartbeat --watch goes on beating until it is stopped or the session ends", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const beats = inTerminal(s.env, [
    ...["heartbeat", "--watch", "--interval", "1ms", "--json", "--session", claude.id],
  ]);
  await beats.until((screen) => screen.split("\n").length > 3);
  expect(JSON.parse(beats.screen().split("\r\n")[0]!)).toEqual({
    type: "heartbeat",
    session_id: claude.id,
    heartbeat_at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  beats.child.kill("SIGINT");
  expect(await beats.child.exited).toBe(0);

  const more = inTerminal(s.env, [
    "heartbeat",
    "--watch",
    "--interval",
    "1ms",
    "--session",
    claude.id,
  ]);
  await more.until((screen) => screen.includes(`Heartbeat: ${claude.id} at `));
  await claude.parley("unregister");
  expect(await more.child.exited).toBe(7);
  expect(more.screen()).toMatch(/Not registered|has ended/);
});

test("a watch needs a bus", async () => {
  await using s = sandbox();
  expect((await s.parley(["status", "--watch"])).exitCode).toBe(4);
  await startSession(s, "claude");
  expect((await s.parley(["heartbeat", "--watch"])).exitCode).toBe(7);
});
