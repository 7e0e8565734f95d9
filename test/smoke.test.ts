/** One story through the verbs that matter most, for any binary: also for one that only an emulator can run. */
import { describe, expect, test } from "bun:test";

import packageJson from "../package.json";
import { hostTarget } from "../scripts/targets";
import { sandbox } from "./support";

/** For an emulated processor. */
const patience = 600_000;

describe("a binary of any target", () => {
  test(
    "lets two agents find each other, talk, wait, and keep off each other's files",
    async () => {
      await using box = sandbox();
      const [ann, bob] = [await box.startAgent("claude"), await box.startAgent("codex")];

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
      expect(status.sessions.map((s: { session_id: string }) => s.session_id).toSorted()).toEqual([
        `claude-${ann.pid}`,
        `codex-${bob.pid}`,
      ]);
      expect(status.sessions.map((s: { status: string }) => s.status)).toEqual([
        "active",
        "active",
      ]);

      // The native half of the watcher, which is another one for every target, can be loaded.
      const { stdout } = await ann.run(["parley", "doctor"]);
      expect(stdout).toMatch(/^ok +wake +(inotify|kqueue|windows) /m);

      // Who waits for mail is woken by it; who waits for its delivery learns of that.
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

      // A watch prints what is published while it waits, or was before.
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

      // What a killed session held is free.
      await ann.kill();
      expect((await bob.run(["parley", "lock", "a.txt"])).exitCode).toBe(0);
      expect((await bob.run(["parley", "claim", "H.1"])).exitCode).toBe(0);
      const { data } = (await bob.run(["parley", "unregister", "--json"])).json();
      expect(data.released).toEqual({ locks: 1, claims: 1 });
    },
    patience,
  );
});
