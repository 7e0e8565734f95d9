/** CPU times of processes, and signals to them. */
import { describe, expect, test } from "bun:test";

import { agents } from "../../src/agents/agents";
import type { ProcessEvidence } from "../../src/bus/process";
import { createIdentity } from "../../src/identity/identity";

const here = () => createIdentity({ agents, env: {}, dataDirectory: "/nonexistent", cwd: "/" });
const evidenceOf = (pid: number): ProcessEvidence => ({ ...here().agent({ pid }).evidence! });

describe.if(process.platform === "linux")("what a rescue asks of a process", () => {
  test("is the CPU time of it and of what runs below it", async () => {
    // The shell waits; its child works.
    const child = Bun.spawn([
      "sh",
      "-c",
      "sh -c 'while kill -0 $PPID 2>/dev/null; do :; done'; true",
    ]);
    const evidence = evidenceOf(child.pid);
    const { processes } = here();
    const deadline = performance.now() + 10_000;
    const before = processes.cpuSeconds(evidence) ?? Number.NaN;
    let used = before;
    while (used < before + 0.05 && performance.now() < deadline) {
      await Bun.sleep(50);
      used = processes.cpuSeconds(evidence) ?? Number.NaN;
    }
    expect(used).toBeGreaterThanOrEqual(before + 0.05);
    child.kill("SIGKILL");
    await child.exited;
    expect(processes.cpuSeconds(evidence)).toBeNull();
  });

  test("does not advance while it is stopped", async () => {
    await using child = Bun.spawn(["sh", "-c", "while :; do :; done"]);
    const evidence = evidenceOf(child.pid);
    child.kill("SIGSTOP");
    await Bun.sleep(50);
    const before = here().processes.cpuSeconds(evidence);
    await Bun.sleep(200);
    expect(here().processes.cpuSeconds(evidence)).toBe(before);
    child.kill("SIGKILL");
  });

  test("is a signal, which reaches it and no other", async () => {
    await using child = Bun.spawn(["sleep", "30"]);
    const evidence = evidenceOf(child.pid);
    const { processes } = here();
    const wrong: [Partial<ProcessEvidence>, string][] = [
      [{ start_ticks: String(Number(evidence.start_ticks) - 1) }, "gone"],
      [{ pid_namespace: "1" }, "refused"],
      [{ pid_namespace: `${evidence.pid_namespace}/outer` }, "refused"],
      [{ boot_id: "other", host_id: null }, "refused"],
      [{ boot_id: "" }, "refused"],
      [{ pid: 1 }, "refused"],
      [{ pid: 0 }, "refused"],
      [{ pid: -child.pid }, "refused"],
    ];
    for (const [change, answer] of wrong) {
      expect(processes.signal({ ...evidence, ...change }, "SIGKILL")).toBe(answer as "gone");
    }
    expect(processes.state(evidence)).toBe("running");
    expect(processes.signal(evidence, "SIGTERM")).toBe("sent");
    await child.exited;
    expect(child.signalCode).toBe("SIGTERM");
    expect(processes.signal(evidence, "SIGKILL")).toBe("gone");
  });
});
