/** `bun docs/examples/two-sessions.ts`: two processes find each other, talk, and keep off each other's work. */
import { getSessionMessageBus } from "parley";

const bus = getSessionMessageBus();
const [role = "author"] = process.argv.slice(2);

if (role === "author") {
  await bus.registerSession({ sessionId: "author", llmVendor: "claude", taskId: "H.13.7" });
  bus.startHeartbeat(30);
  await bus.claimTask("H.13.7");

  const answered = Promise.withResolvers<void>();
  await bus.subscribe("coordination", ({ sender_id, payload }) => {
    console.log(`${sender_id}: ${payload["message"]}`);
    answered.resolve();
  });
  const reviewer = Bun.spawn([process.execPath, import.meta.path, "reviewer"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await Promise.all([answered.promise, reviewer.exited]);
} else {
  await bus.registerSession({ sessionId: "reviewer", llmVendor: "codex" });
  if (!(await bus.claimTask("H.13.7"))) {
    const [claim] = await bus.getTaskClaims();
    console.log(`reviewer: ${claim?.session_id} is at H.13.7`);
    await bus.send("author", "coordination", "I review it when you are done.");
  }
}

await bus.unregister();
await bus.close();
