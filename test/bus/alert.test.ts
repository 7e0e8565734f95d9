/** Conflicts between sessions, and the alerts that they raise. */
import { expect, test } from "bun:test";

import { agent, contract, draft } from "./fixture";

contract("Conflicts and alerts", (newFixture) => {
  test("two sessions on one project and in one directory are told of each other", async () => {
    const w = await newFixture();
    const place = { project_id: "PILOT", cwd: "/repo" };
    await w.store.registerSession(agent("codex", 2, place), w.liveness());
    const { conflicts } = await w.store.registerSession(agent("claude", 1, place), w.liveness());
    expect(conflicts).toEqual([
      {
        type: "project_conflict",
        priority: 3,
        label: "CRITICAL",
        session_id: "codex-2",
        resource: "PILOT",
        action: "Coordinate task boundaries to avoid overlap",
      },
      {
        type: "cwd_overlap",
        priority: 2,
        label: "HIGH",
        session_id: "codex-2",
        resource: "/repo",
        action: "One session should work in a subdirectory",
      },
    ]);
    const { alerts, stats } = await w.store.overview(w.liveness());
    expect(alerts.map((alert) => [alert.message_type, alert.payload.sessions])).toEqual([
      ["project_conflict", ["codex-2", "claude-1"]],
      ["cwd_overlap", ["codex-2", "claude-1"]],
    ]);
    expect(stats.unread_alerts).toBe(2);
    expect((await w.store.unread("codex-2", w.at)).by_channel).toEqual({ operator_alert: 2 });
  });

  test("an alert that has ended before it is acknowledged keeps no other from being", async () => {
    const w = await newFixture();
    const place = { project_id: "PILOT", cwd: "/repo" };
    for (const vendor of ["codex", "claude"])
      await w.store.registerSession(agent(vendor, 1, place), w.liveness());
    const ids = (await w.store.overview(w.liveness())).alerts.map(({ id }) => id);
    expect(await w.store.acknowledge(ids.slice(0, 1), "codex-1", w.at)).toHaveLength(1);
    const both = await w.store.acknowledge(ids, "claude-1", w.at);
    expect(both.map(({ id }) => id)).toEqual(ids.slice(1));
    expect((await w.store.overview(w.liveness())).alerts).toEqual([]);
  });

  test("of two sessions that register at the same time one sees the other", async () => {
    const w = await newFixture();
    const other = await w.another();
    const results = await Promise.all([
      w.store.registerSession(agent("claude", 1, { project_id: "P" }), w.liveness()),
      other.registerSession(agent("codex", 2, { project_id: "P" }), w.liveness()),
    ]);
    expect(results.flatMap((result) => result.conflicts)).toHaveLength(1);
  });

  test("sessions without a project, in a subdirectory, or on another machine do not collide", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1, { cwd: "/repo" }), w.liveness());
    await w.store.registerSession(agent("codex", 2, { cwd: "/repo/sub" }), w.liveness());
    const elsewhere = agent("kimi", 3, { cwd: "/repo", machine_uuid: "machine-2" });
    expect((await w.store.registerSession(elsewhere, w.liveness())).conflicts).toEqual([]);
  });

  test("a dead session collides with none", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("codex", 2, { project_id: "P" }), w.liveness());
    w.processes.set(2, "gone");
    const { conflicts } = await w.store.registerSession(
      agent("claude", 1, { project_id: "P" }),
      w.liveness(),
    );
    expect(conflicts).toEqual([]);
  });

  test("a third session joins the one alert and makes it pending again", async () => {
    const w = await newFixture();
    for (const vendor of ["claude", "codex"]) {
      await w.store.registerSession(agent(vendor, 1, { project_id: "P" }), w.liveness());
    }
    const [alert] = (await w.store.overview(w.liveness())).alerts;
    await w.store.markAlertsDelivered([alert?.id ?? 0], w.at);
    expect((await w.store.overview(w.liveness())).alerts[0]?.status).toBe("delivered");
    await w.store.registerSession(agent("kimi", 3, { project_id: "P" }), w.liveness());
    const { alerts } = await w.store.overview(w.liveness());
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ id: alert?.id, status: "pending" });
    expect(alerts[0]?.payload.sessions).toEqual(["claude-1", "codex-1", "kimi-3"]);
  });

  test("registering again in the same place raises nothing anew", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("codex", 2, { project_id: "P" }), w.liveness());
    await w.store.registerSession(agent("claude", 1, { project_id: "P" }), w.liveness());
    const before = (await w.store.overview(w.liveness())).alerts;
    await w.store.markAlertsDelivered(
      before.map((alert) => alert.id),
      w.at,
    );
    const again = await w.store.registerSession(
      agent("claude", 1, { project_id: "P" }),
      w.liveness(),
    );
    expect(again.conflicts).toHaveLength(1);
    expect((await w.store.overview(w.liveness())).alerts.map((alert) => alert.status)).toEqual([
      "delivered",
    ]);
  });

  test("an alert is read when its conflict ends, and says by what", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("codex", 2, { project_id: "P" }), w.liveness());
    await w.store.registerSession(agent("claude", 1, { project_id: "P" }), w.liveness());
    await w.store.endSession("codex-2", "session ended normally", w.liveness());
    const { alerts, stats } = await w.store.overview(w.liveness());
    expect({ alerts, unread: stats.unread_alerts }).toEqual({ alerts: [], unread: 0 });
    expect((await w.store.unread("claude-1", w.at)).total).toBe(0);
  });

  test("moving to another project ends the conflict of the first", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("codex", 2, { project_id: "P" }), w.liveness());
    await w.store.registerSession(agent("claude", 1, { project_id: "P" }), w.liveness());
    await w.store.registerSession(agent("claude", 1, { project_id: "Q" }), w.liveness());
    expect((await w.store.overview(w.liveness())).alerts).toEqual([]);
  });

  test("the same current task is a conflict, found when it is set", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("codex", 2, { task_id: "H.1" }), w.liveness());
    await w.store.registerSession(agent("claude", 1), w.liveness());
    const { conflicts } = await w.store.setTask("claude-1", "H.1", w.liveness());
    expect(conflicts.map((conflict) => [conflict.type, conflict.session_id])).toEqual([
      ["task_conflict", "codex-2"],
    ]);
    await w.store.setTask("claude-1", null, w.liveness());
    expect((await w.store.overview(w.liveness())).alerts).toEqual([]);
  });

  test("the alert is in everyone's mailbox that it names, beside directed mail", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("codex", 2, { project_id: "P" }), w.liveness());
    await w.store.registerSession(agent("claude", 1, { project_id: "P" }), w.liveness());
    await w.store.sendMessages(draft("codex-2", "claude-1"), w.liveness());
    const { messages } = await w.store.openInbox(
      { mailbox: "claude-1", channel: null, limit: 50, peek: false },
      w.liveness(),
    );
    expect(messages.map((message) => message.channel)).toEqual(["operator_alert", "coordination"]);
    await w.store.markDelivered(
      "claude-1",
      messages.map((message) => message.id),
      "test",
      w.at,
    );
    // An alert's own state is the operator's, not this session's.
    expect((await w.store.overview(w.liveness())).alerts[0]?.status).toBe("pending");
  });
});
