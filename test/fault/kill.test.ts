/** Tests SIGKILL at random moments of every writing verb. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { binary, sandbox } from "../support";
import { long } from "./input";

const memberCount = 16;
/** Kills of all members together; PARLEY_TEST_LONG=1 requests a long run. */
const kills = long ? 500 : 64;

type Holding = "held" | "free" | "unknown";

/** A session, its process, and the answers that it received: a complete answer is a promise. */
interface Member {
  id: string;
  agent: Bun.Subprocess;
  kills: number;
  lock: Holding;
  claim: Holding;
  task: string | null | undefined;
  /** Ids by text. */
  sent: Map<string, number>;
  published: Map<string, number>;
  /** File by text: registering again finds the project of the directory. */
  logged: Map<string, string>;
  attempted: number;
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers of every verb
type Answer = any;

/** Every writing verb; each records what is certain after an answer, and what is uncertain after a kill. */
const verbs: ((
  member: Member,
  n: number,
) => {
  args: string[];
  done: (data: Answer) => void;
  doubtful?: () => void;
})[] = [
  (m, n) => ({
    args: ["message", "operator", `${m.id} says ${n}`],
    done: ({ messages }) => m.sent.set(`${m.id} says ${n}`, messages[0].id),
  }),
  (m, n) => ({
    args: ["publish", "race", `${m.id} tells ${n}`, "--ttl", "1h"],
    done: ({ message }) => m.published.set(`${m.id} tells ${n}`, message.id),
  }),
  (m, n) => ({
    args: ["message", "--all", `${m.id} calls ${n}`],
    done: ({ messages, recipients }) => expect(messages.length).toBe(recipients),
  }),
  (m) => ({
    args: ["lock", `/race/${m.id}`],
    done: () => (m.lock = "held"),
    doubtful: () => (m.lock = "unknown"),
  }),
  (m) => ({
    args: ["unlock", `/race/${m.id}`],
    done: () => (m.lock = "free"),
    doubtful: () => (m.lock = "unknown"),
  }),
  (m) => ({
    args: ["claim", `T.${m.id}`],
    done: () => (m.claim = "held"),
    doubtful: () => (m.claim = "unknown"),
  }),
  (m) => ({
    args: ["release", "--all"],
    done: () => (m.claim = "free"),
    doubtful: () => (m.claim = "unknown"),
  }),
  (m, n) => ({
    args: ["task", `H.${n}`],
    done: () => (m.task = `H.${n}`),
    doubtful: () => (m.task = undefined),
  }),
  (m, n) => ({
    args: ["log", `${m.id} notes ${n}`],
    done: ({ path }) => m.logged.set(`${m.id} notes ${n}`, path),
  }),
  (m) => ({
    args: ["register", "--llm", "claude", "--session-id", m.id, "--pid", `${m.agent.pid}`],
    done: ({ created }) => expect(created).toBe(false),
  }),
  () => ({ args: ["heartbeat"], done: () => {} }),
  () => ({ args: ["inbox", "--mark-read"], done: () => {} }),
  () => ({ args: ["inbox"], done: () => {} }),
  () => ({ args: ["read", "--all"], done: () => {} }),
  () => ({ args: ["conflicts", "--acknowledge"], done: () => {} }),
  () => ({ args: ["cleanup"], done: () => {} }),
  () => ({ args: ["status"], done: () => {} }),
];

test(
  `${kills} kills at random moments of every writing verb lose, repeat and hold nothing`,
  async () => {
    await using s = sandbox();
    const env = { HOME: s.home, PATH: "/usr/bin:/bin" };
    const started: Bun.Subprocess[] = [];
    /** The complete answer, or null where the kill was faster. */
    const run = async (args: string[], killAfterMs: number | null): Promise<Answer | null> => {
      const child = Bun.spawn([binary, ...args, "--json"], {
        env,
        stdout: "pipe",
        stderr: "ignore",
        cwd: s.dir,
      });
      const timer =
        killAfterMs === null ? null : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      const text = await child.stdout.text();
      await child.exited;
      if (timer) clearTimeout(timer);
      if (child.signalCode !== "SIGKILL" && child.exitCode !== 0)
        throw new Error(`${args.join(" ")}: ${child.exitCode} ${text}`);
      return text.endsWith("\n")
        ? { ...JSON.parse(text), killed: child.signalCode === "SIGKILL" }
        : null;
    };
    try {
      const members = await Promise.all(
        Array.from({ length: memberCount }, async (_, index): Promise<Member> => {
          const agent = Bun.spawn(["sleep", "600"]);
          started.push(agent);
          const id = `racer-${index}`;
          await run(
            [
              "register",
              "--llm",
              "claude",
              "--session-id",
              id,
              "--pid",
              `${agent.pid}`,
              "--project",
              "P",
            ],
            null,
          );
          const noRecords = { sent: new Map(), published: new Map(), logged: new Map() };
          return {
            id,
            agent,
            kills: 0,
            lock: "free",
            claim: "free",
            task: null,
            ...noRecords,
            attempted: 0,
          };
        }),
      );
      const share = Math.ceil(kills / memberCount);
      await Promise.all(
        members.map(async (member) => {
          for (let n = 0; member.kills < share; n++) {
            expect(n).toBeLessThan(share * 40);
            const { args, done, doubtful } = verbs[Math.floor(Math.random() * verbs.length)]!(
              member,
              n,
            );
            member.attempted++;
            const answer = await run([...args, "--session", member.id], 2 + Math.random() * 60);
            if (answer === null) {
              member.kills++;
              doubtful?.();
            } else {
              expect([args, answer.ok]).toEqual([args, true]);
              if (answer.killed) member.kills++;
              done(answer.data);
            }
          }
        }),
      );
      expect(members.reduce((sum, member) => sum + member.kills, 0)).toBeGreaterThanOrEqual(kills);

      const db = new Database(s.db);
      expect(db.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
      const rows = db
        .query<{ id: number; text: string; channel: string }, []>(
          `select id, json_extract(payload, '$.message') as text, channel from session_messages
          where json_extract(payload, '$.message') is not null and (recipient_id is null or recipient_id = 'operator')`,
        )
        .all();
      const byText = Map.groupBy(rows, ({ text }) => text);
      const owners = db
        .query<
          {
            session_id: string;
            task_id: string | null;
            holds: string | null;
            claims: string | null;
          },
          []
        >(
          `select session_id, task_id,
          (select group_concat(file_path) from file_locks l where l.session_id = r.session_id) as holds,
          (select group_concat(c.task_id) from task_claims c where c.session_id = r.session_id) as claims
          from session_registry r where status <> 'terminated'`,
        )
        .all();
      db.close();
      // No message and no session exists twice.
      expect([...byText.values()].filter((sameText) => sameText.length > 1)).toEqual([]);
      expect(owners.map(({ session_id }) => session_id).toSorted()).toEqual(
        members.map(({ id }) => id).toSorted(),
      );
      for (const member of members) {
        const owner = owners.find(({ session_id }) => session_id === member.id)!;
        // All promises are kept.
        for (const [text, id] of [...member.sent, ...member.published])
          expect([text, byText.get(text)?.[0]?.id]).toEqual([text, id]);
        if (member.lock !== "unknown")
          expect([member.id, owner.holds]).toEqual([
            member.id,
            member.lock === "held" ? `/race/${member.id}` : null,
          ]);
        if (member.claim !== "unknown")
          expect([member.id, owner.claims]).toEqual([
            member.id,
            member.claim === "held" ? `T.${member.id}` : null,
          ]);
        if (member.task !== undefined)
          expect([member.id, owner.task_id]).toEqual([member.id, member.task]);
        for (const [text, path] of member.logged) {
          const log = readFileSync(path, "utf8");
          expect([text, log.split(`- ${text}\n`).length - 1]).toEqual([text, 1]);
        }
      }

      // Locks of dead sessions are free, and those of live sessions are not.
      for (const member of members)
        await run(["lock", `/race/${member.id}`, "--session", member.id], null);
      const [dead, living] = [members.slice(0, memberCount / 2), members.slice(memberCount / 2)];
      for (const { agent } of dead) {
        agent.kill("SIGKILL");
        await agent.exited;
      }
      for (const { id } of dead)
        await run(["lock", `/race/${id}`, "--session", living[0]!.id], null);
      const { data } = await run(["status", "--locks", "--claims", "--as", "operator"], null);
      const holders = new Map(
        data.locks.map((lock: { file_path: string; session_id: string }) => [
          lock.file_path,
          lock.session_id,
        ]),
      );
      for (const { id } of dead)
        expect([id, holders.get(`/race/${id}`)]).toEqual([id, living[0]!.id]);
      for (const { id } of living) expect([id, holders.get(`/race/${id}`)]).toEqual([id, id]);
      for (const claim of data.claims)
        expect(living.map(({ id }) => id)).toContain(claim.session_id);
    } finally {
      for (const agent of started) agent.kill("SIGKILL");
    }
  },
  long ? 600_000 : 60_000,
);
