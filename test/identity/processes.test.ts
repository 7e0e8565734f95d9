/** States and ages of real processes, by their evidence. */
import { describe, expect, test } from "bun:test";

import { agents } from "../../src/agents/agents";
import type { ProcessEvidence } from "../../src/bus/process";
import { createIdentity } from "../../src/identity/identity";
import { ProcessTree } from "./process-tree";

const onLinux = process.platform === "linux";

const here = () => createIdentity({ agents, env: {}, dataDirectory: "/nonexistent", cwd: "/" });

const evidenceOf = (pid: number): ProcessEvidence => ({ ...here().agent({ pid }).evidence! });

/** Waits for a state of a process as the kernel changes it. */
async function until(evidence: ProcessEvidence, state: string): Promise<string> {
  const { processes } = here();
  const deadline = performance.now() + 5000;
  while (processes.state(evidence) !== state && performance.now() < deadline) await Bun.sleep(5);
  return processes.state(evidence);
}

describe.if(onLinux)("a process", () => {
  test("is running, then stopped, then running, then gone", async () => {
    const child = Bun.spawn(["sleep", "9"]);
    const evidence = evidenceOf(child.pid);
    expect(here().processes.state(evidence)).toBe("running");
    child.kill("SIGSTOP");
    expect(await until(evidence, "stopped")).toBe("stopped");
    child.kill("SIGCONT");
    expect(await until(evidence, "running")).toBe("running");
    child.kill("SIGKILL");
    await child.exited;
    expect(here().processes.state(evidence)).toBe("gone");
    expect(here().processes.uptimeSeconds(evidence)).toBeNull();
    expect(here().agent({ pid: child.pid }).evidence).toBeNull();
  });

  test("that died and was not reaped is gone", async () => {
    // The shell becomes a program that does not know of its child.
    await using parent = Bun.spawn(["sh", "-c", "sleep 9 & echo $!; exec sleep 9"], {
      stdout: "pipe",
    });
    const reader = parent.stdout.getReader();
    const pid = Number.parseInt(new TextDecoder().decode((await reader.read()).value), 10);
    const evidence = evidenceOf(pid);
    await Bun.sleep(50);
    process.kill(pid, "SIGKILL");
    expect(await until(evidence, "gone")).toBe("gone");
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill();
  });

  test("with another start is another process", () => {
    const evidence = evidenceOf(process.pid);
    const { processes } = here();
    expect(
      processes.state({ ...evidence, start_ticks: String(Number(evidence.start_ticks) - 1) }),
    ).toBe("gone");
  });

  test("of an earlier boot of this machine is gone, of another machine cannot be judged", () => {
    const evidence = { ...evidenceOf(process.pid), host_id: "a".repeat(32) };
    const { processes } = here();
    const own = evidenceOf(process.pid).host_id;
    expect(processes.state({ ...evidence, boot_id: "other" })).toBe("unknown");
    expect(processes.state({ ...evidence, boot_id: "other", host_id: null })).toBe("unknown");
    expect(processes.state({ ...evidence, boot_id: "other", host_id: own })).toBe(
      own === null ? "unknown" : "gone",
    );
  });

  test("of another pid namespace cannot be judged", () => {
    const evidence = { ...evidenceOf(process.pid), pid_namespace: "1" };
    expect(here().processes.state(evidence)).toBe("unknown");
    expect(here().processes.uptimeSeconds(evidence)).toBeNull();
  });

  test("with a number that no process can have is gone", () => {
    const evidence = evidenceOf(process.pid);
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 40]) {
      expect(here().processes.state({ ...evidence, pid })).toBe("gone");
    }
  });

  test("has an age in whole seconds", async () => {
    await using child = Bun.spawn(["sleep", "9"]);
    const evidence = evidenceOf(child.pid);
    expect(here().processes.uptimeSeconds(evidence)).toBeWithin(0, 5);
    expect(here().processes.source).toBe("/proc");
    child.kill();
  });

  test("whose name has blanks, brackets and line breaks is found", async () => {
    using tree = new ProcessTree();
    const command = [...tree.fakeProgram("a) R 1\n(b"), "sleep", "9"];
    await using child = Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"] });
    expect(here().processes.state(evidenceOf(child.pid))).toBe("running");
    child.kill();
  });
});
