/** Runs the most important verbs once with any binary, also with one that only an emulator can run. */
import { describe, expect, test } from "bun:test";

import packageJson from "../package.json";
import { hostTarget } from "../scripts/targets";
import { sandbox } from "./support";

/** Long enough for an emulated processor. */
const timeoutMs = 600_000;

describe("a binary of any target", () => {
  test(
    "lets two agents find each other, talk, wait, and keep off each other's files",
    async () => {
      await using s = sandbox();
      const [ann, bob] = [await s.startAgent("claude"), await s.startAgent("codex")];

      const version = (await ann.run(["parley", "--version", "--json"])).json().data;
      const target = process.env["PARLEY_TEST_TARGET"] ?? hostTarget().name;
      expect(version).toMatchObject({ version: packageJson.version, target });

      for (const [agent, vendor] of [
        [ann, "claude"],
        [bob, "codex"],
      ] as const) {
        const { data } = (await agent.run(["parley", "register", "--json"])).json();
        expect(data.session.session_id).toBe(`${vendor}-${agent.pid}`);
      }
      const status = (await ann.run(["parley", "status", "--json"])).json().data;
      expect(
        status.sessions.map((session: { session_id: string }) => session.session_id).toSorted(),
      ).toEqual([`claude-${ann.pid}`, `codex-${bob.pid}`]);
      expect(status.sessions.map((session: { status: string }) => session.status)).toEqual([
        "active",
        "active",
      ]);

      // The native half of the watcher, which differs between targets, can be loaded.
      const { stdout } = await ann.run(["parley", "doctor"]);
      expect(stdout).toMatch(/^ok +wake +(inotify|kqueue|windows) /m);

      // A message ends a wait for mail, and its delivery ends a wait for that.
      const waiting = bob.run([
        ...["parley", "inbox", "--channel", "coordination", "--wait", "100s", "--json"],
      ]);
      const sent = await ann.run([
        ...["parley", "message", `codex-${bob.pid}`, "Grüße", "--wait", "delivered"],
        ...["--timeout", "100s", "--json"],
      ]);
      expect(sent.json().data.messages[0].status).toBe("delivered");
      const [mail] = (await waiting).json().data.messages;
      expect(mail.payload.message).toBe("Grüße");
      expect((await bob.run(["parley", "read", String(mail.id), "--json"])).exitCode).toBe(0);
      const states = await ann.run(["parley", "message", "--sent", "--status", "--json"]);
      expect(states.json().data.messages[0].status).toBe("read");

      // A watch prints messages that are published while it waits, or were before.
      const since = (await bob.run(["parley", "poll", "state", "--json"])).json().data.cursor;
      const watching = bob.run([
        ...["parley", "watch", "state", "--since", String(since)],
        ...["--for", "100s", "--once", "--json"],
      ]);
      const published = await ann.run(["parley", "publish", "state", '{"step":1}', "--json"]);
      expect(published.exitCode).toBe(0);
      const lines = (await watching).stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const messages = lines.filter(({ type }) => type === "message");
      expect(messages.map(({ message }) => message.payload)).toMatchObject([{ step: 1 }]);

      expect((await ann.run(["parley", "lock", "a.txt", "--exclusive"])).exitCode).toBe(0);
      const refused = await bob.run(["parley", "lock", "a.txt", "--json"]);
      expect(refused.exitCode).toBe(3);
      expect(refused.json().error.details.holder).toBe(`claude-${ann.pid}`);
      expect((await ann.run(["parley", "claim", "H.1"])).exitCode).toBe(0);
      expect((await bob.run(["parley", "claim", "H.1"])).exitCode).toBe(3);

      // The locks and claims of a killed session are free.
      await ann.kill();
      expect((await bob.run(["parley", "lock", "a.txt"])).exitCode).toBe(0);
      expect((await bob.run(["parley", "claim", "H.1"])).exitCode).toBe(0);
      const { data } = (await bob.run(["parley", "unregister", "--json"])).json();
      expect(data.released).toEqual({ locks: 1, claims: 1 });
    },
    timeoutMs,
  );
});
