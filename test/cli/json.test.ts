/** Every verb's keys, by hand. */
import { describe, expect, test } from "bun:test";

import { freshSchema, server } from "../server";
import { type Agent, type Run, sandbox } from "../support";

/*
 * The fields of docs/json.md, written out by hand: adding one is a decision, which is taken here. Removing or renaming
 * one breaks the programs that read it.
 */

/** What keys a value has, all the way down; `null` stands for anything that is no object and no array of objects. */
type Shape = null | Shape[] | Keys;
interface Keys {
  [key: string]: Shape;
}

const keys = (names: string): Keys =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, null]));

const session: Keys = {
  ...keys(`session_id name session_uuid machine_uuid hostname llm_vendor llm_model project_id task_id tty cwd pid
    status liveness process_state uptime_seconds claimed_task file_locks active_files unread_count registered_at
    heartbeat_at`),
  claimed_tasks: [keys("task_id claim_type")],
  activity: null,
  reachability: keys("now by last_worked_at"),
};
const envelopeOfMessage =
  keys(`id sender_id channel created_at ttl_seconds sender_session_uuid recipient_id
  message_type priority status project_id task_id activity reply_to expires_at delivered_at read_at`);
const message: Keys = { ...envelopeOfMessage, payload: keys("message from") };
const alert: Keys = { ...envelopeOfMessage, payload: keys("sessions resource action") };
const conflict: Keys = keys("type priority label session_id resource action");
const correspondent: Keys = keys("session_id name llm_vendor llm_model project_id");
const lifecycle: Keys = keys("id created_at event session_id project_id cwd reason");
const lock: Keys = keys(
  "file_path session_id lock_type locked_at expires_at repository repository_path fence",
);
const claim: Keys = keys("task_id session_id claim_type project_id claimed_at expires_at fence");
const stats: Keys = {
  ...keys(`active_sessions total_sessions legacy_messages v2_messages pending delivered read unread_alerts file_locks
    task_claims`),
  database: keys("path size_bytes wal_bytes journal_mode schema_version"),
};
const registration: Keys = {
  ...keys("created liveness"),
  session,
  conflicts: [conflict],
  unread: { total: null, by_channel: keys("operator_alert coordination") },
  database: keys("path"),
  detected: keys("vendor_source project_source event other_sessions heartbeat_seconds"),
};
const dashboard: Keys = {
  ...keys("this_session hooks_off operator_unread observations"),
  sessions: [session],
  alerts: [alert],
  unread: [message],
  lifecycle: [lifecycle],
  stats,
  log: keys("path entry"),
};
const sending: Keys = {
  ...keys("recipients queued"),
  messages: [message],
  recipient_sessions: [correspondent],
  active_sessions: [correspondent],
  outlooks: [
    {
      ...keys("session_id expect says unwoken"),
      reachability: keys("now by last_worked_at"),
      wake: null,
    },
  ],
};
const argument: Keys = keys("name type required description");

/** The shape of a value, with every key that any element of an array has. */
function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) {
    const shapes = value.map(shapeOf).filter((shape) => shape !== null);
    return shapes.length === 0 ? null : [shapes.reduce<Shape>((a, b) => merged(a, b), null)];
  }
  if (typeof value !== "object" || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}

function merged(a: Shape = null, b: Shape = null): Shape {
  if (a === null || b === null || Array.isArray(a) || Array.isArray(b)) return a ?? b;
  const both = [...Object.keys(a), ...Object.keys(b)];
  return Object.fromEntries(both.map((key) => [key, merged(a[key], b[key])]));
}

/** The data of an answer, after what holds of every answer. */
function dataOf(run: Run): unknown {
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  const answer = run.json();
  expect(Object.keys(answer)).toEqual(["ok", "data"]);
  expect(answer.ok).toBe(true);
  return answer.data;
}

const expectData = (run: Run, shape: Shape): void => expect(shapeOf(dataOf(run))).toEqual(shape);

/** Two sessions in conflict, one of them with a lock, a claim, an alert and a message from the other. */
async function twoSessions(box: ReturnType<typeof sandbox>): Promise<[Agent, Agent]> {
  const [claude, codex] = await Promise.all([box.startAgent("claude"), box.startAgent("codex")]);
  for (const agent of [claude, codex]) {
    dataOf(await agent.run(["parley", "register", "--project", "PILOT", "--json"]));
  }
  dataOf(await claude.run(["parley", "lock", "paths.py", "--json"]));
  dataOf(await claude.run(["parley", "claim", "H.13.2", "--json"]));
  dataOf(await codex.run(["parley", "message", `claude-${claude.pid}`, "hello", "--json"]));
  return [claude, codex];
}

describe("With --json", () => {
  test("register answers with the session, its conflicts and what is unread", async () => {
    await using box = sandbox();
    const [claude, codex] = await twoSessions(box);
    const command = ["parley", "register", "--project", "PILOT", "--json"];
    const again = await claude.run(command);
    expectData(again, registration);
    expect(dataOf(again)).toMatchObject({ created: false, detected: { event: null } });
    await codex.run(["parley", "unregister"]);
    expect(dataOf(await codex.run(command))).toMatchObject({
      created: true,
      detected: { event: "resumed" },
    });
  });

  test("unregister answers with the session and how much it held", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    const run = await claude.run(["parley", "unregister", "--json"]);
    expectData(run, {
      session: { ...session, claimed_tasks: null },
      released: keys("locks claims"),
    });
    expect(dataOf(run)).toMatchObject({
      session: { status: "terminated" },
      released: { locks: 1, claims: 1 },
    });
  });

  test("heartbeat answers with its time", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    expectData(
      await claude.run(["parley", "heartbeat", "--json"]),
      keys("session_id heartbeat_at"),
    );
  });

  test("task answers with the session and the conflicts about the task", async () => {
    await using box = sandbox();
    const [, codex] = await twoSessions(box);
    const shape = {
      session: { ...session, claimed_tasks: null },
      conflicts: [conflict],
    };
    expectData(await codex.run(["parley", "task", "H.13.2", "--json"]), shape);
    expectData(await codex.run(["parley", "task", "--json"]), { ...shape, conflicts: null });
  });

  test("status answers with the dashboard", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    // An alert in a mailbox has another payload than the message beside it.
    expectData(await claude.run(["parley", "status", "--json"]), {
      ...dashboard,
      unread: [{ ...message, payload: keys("message from sessions resource action") }],
    });
    expect(dataOf(await claude.run(["parley", "status", "--no-log", "--json"]))).toMatchObject({
      log: null,
    });
  });

  test("status with a filter answers with that alone", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    const views: Record<string, Shape> = {
      stats,
      locks: [lock],
      claims: [claim],
      alerts: [alert],
      lifecycle: [lifecycle],
    };
    for (const [view, shape] of Object.entries(views)) {
      expectData(await claude.run(["parley", "status", `--${view}`, "--json"]), { [view]: shape });
    }
    await claude.run(["parley", "status", "--alerts", "--unread", "--json"]);
    const run = await claude.run(["parley", "status", "--unread", "--stats", "--json"]);
    expect(Object.keys(dataOf(run) as object)).toEqual(["stats", "unread"]);
  });

  test("message answers with what was sent to whom", async () => {
    await using box = sandbox();
    const [claude, codex] = await twoSessions(box);
    const send = (...args: string[]) => claude.run(["parley", "message", ...args, "--json"]);
    const direct = await send(`codex-${codex.pid}`, "hello");
    expectData(direct, { ...sending, active_sessions: null });
    expect(dataOf(direct)).toMatchObject({ recipients: 1, queued: false });
    expectData(await send("--all", "hello"), { ...sending, active_sessions: null });
    const queued = await send("gemini-4711", "hello");
    const later = keys("session_id reachability wake expect says unwoken");
    expectData(queued, { ...sending, recipient_sessions: null, outlooks: [later] });
    expect(dataOf(queued)).toMatchObject({ recipients: 1, queued: true });
  });

  test("message --sent answers with the newest messages and the totals of all", async () => {
    await using box = sandbox();
    const [, codex] = await twoSessions(box);
    const shape = {
      messages: [{ ...message, wake: null }],
      totals: keys("pending delivered read"),
    };
    expectData(await codex.run(["parley", "message", "--sent", "--json"]), shape);
    expectData(await codex.run(["parley", "message", "--sent", "--status", "--json"]), shape);
  });

  test("inbox answers with unread messages, read with the ids it marked", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    expectData(await claude.run(["parley", "inbox", "--channel", "coordination", "--json"]), {
      messages: [message],
      remaining: null,
    });
    expectData(await claude.run(["parley", "inbox", "--channel", "operator_alert", "--json"]), {
      messages: [alert],
      remaining: null,
    });
    expectData(await claude.run(["parley", "read", "--all", "--json"]), keys("read"));
  });

  test("log answers with the file and the entry", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    for (const args of [["moved the parser"], ["--view"]]) {
      expectData(await claude.run(["parley", "log", ...args, "--json"]), keys("path entry"));
    }
  });

  test("publish, poll and feed answer with messages, the last two with a cursor", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    const run = (...args: string[]) => claude.run(["parley", ...args, "--json"]);
    const published: Keys = { ...envelopeOfMessage, payload: keys("message") };
    expectData(await run("publish", "state", "hello"), { message: published });
    expectData(await run("poll", "state"), { messages: [published], cursor: null });
    expectData(await run("feed", "--limit", "1"), { messages: [published], cursor: null });
  });

  test("lock, unlock, claim and release answer with what changed hands", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    const run = (...args: string[]) => claude.run(["parley", ...args, "--json"]);
    expectData(await run("lock", "paths.py"), { locks: [lock] });
    expectData(await run("unlock", "paths.py"), { released: [lock] });
    expectData(await run("claim", "H.13.2"), { claim });
    expectData(await run("release", "--all"), { released: [claim] });
  });

  test("run answers with the session and the exit code", async () => {
    await using box = sandbox();
    const run = await box.parley(["run", "--json", "--", "true"]);
    expectData(run, { session: { ...session, claimed_tasks: null }, exit_code: null });
  });

  test("conflicts and orient answer with what concerns the session", async () => {
    await using box = sandbox();
    const [claude, codex] = await twoSessions(box);
    await codex.run(["parley", "read", "--all"]);
    const everything = { conflicts: [conflict], locks: [lock], alerts: [alert] };
    expectData(await codex.run(["parley", "conflicts", "--full", "--json"]), everything);
    expectData(await claude.run(["parley", "orient", "--json"]), {
      sessions: [session],
      alerts: [alert],
      unread: [{ ...message, payload: keys("message from sessions resource action") }],
    });
    const acknowledged = { ...alert, payload: keys("sessions resource action closed_by") };
    const run = await codex.run(["parley", "conflicts", "--acknowledge", "--json"]);
    expectData(run, { conflicts: null, locks: null, alerts: [acknowledged] });
  });

  test("rescue answers with the sessions and what was done to them", async () => {
    await using box = sandbox();
    const [claude, codex] = await twoSessions(box);
    await claude.kill();
    expectData(await codex.run(["parley", "rescue", "--json"]), {
      sessions: [
        {
          ...session,
          ...keys(
            `state silent_seconds resume_command ended_at end_reason released exported killed`,
          ),
        },
      ],
      released: keys("locks claims"),
    });
  });

  test("project answers with the project and who works on it", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    const occupants = [keys("session_id llm_vendor llm_model task_id cwd status")];
    const command = ["parley", "project", "--project", "PILOT", "--candidates", ".", "--json"];
    expectData(await claude.run(command), {
      ...keys("project_id source root"),
      occupied_by: occupants,
      candidates: [
        { ...keys("directory project_id source root free picked"), occupied_by: occupants },
      ],
    });
  });

  test("off and on answer with what the user has chosen", async () => {
    await using box = sandbox();
    for (const verb of ["off", "on"]) {
      expectData(await box.parley([verb, "--json"]), keys("off edits wake"));
    }
  });

  test("cleanup answers with what it removed", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    expectData(await claude.run(["parley", "cleanup", "--json"]), {
      ...keys("bytes_before bytes_after"),
      removed: keys("messages sessions locks claims alerts"),
    });
    expectData(await claude.run(["parley", "cleanup", "--cron", "systemd", "--json"]), {
      ...keys("action every_seconds line changed"),
      files: [keys("path text")],
    });
  });

  test("setup answers with what it changed, and what the agents will ask", async () => {
    await using box = sandbox();
    const answer: Keys = {
      ...keys("action scope dry_run program"),
      vendors: [keys("vendor title program directory")],
      changes: [keys("vendor part path action backup diff")],
      policy: keys("edits wake changed"),
      notes: [keys("vendor message")],
    };
    expectData(await box.parley(["setup", "claude", "codex", "--dry-run", "--json"]), answer);
    expectData(await box.parley(["setup", "claude", "codex", "--json"]), answer);
    expectData(await box.parley(["setup", "--remove", "--json"]), { ...answer, notes: null });
  });

  test("doctor answers with its findings", async () => {
    await using box = sandbox();
    expectData(await box.parley(["doctor", "--json"]), {
      ...keys("healthy"),
      findings: [keys("check status message remedy")],
    });
  });

  test.skipIf(server === null)("migrate answers with what it has copied", async () => {
    await using box = sandbox();
    await twoSessions(box);
    const { url, drop } = freshSchema();
    try {
      const counts = keys("sessions messages locks claims");
      const words = ["migrate", "--from", box.db, "--to", url, "--json"];
      expectData(await box.parley(words), { ...keys("from to"), copied: counts, present: counts });
    } finally {
      await drop();
    }
  });

  test("--version and --help answer with data too", async () => {
    await using box = sandbox();
    expectData(await box.parley(["--version", "--json"]), keys("version commit target bun"));
    expectData(await box.parley(["--help", "--json"]), {
      verbs: [keys("verb alias summary")],
      options: [{ ...argument, ...keys("flags value") }],
      exit_codes: keys(
        `ok internal conflict not_found timeout busy not_registered not_permitted invalid`,
      ),
    });
    expectData(await box.parley(["status", "--help", "--json"]), {
      ...keys("verb description usage examples"),
      arguments: [{ ...argument, ...keys("flags default") }],
      options: [{ ...argument, ...keys("flags value") }],
    });
  });

  test("an error is the one line, with its exit code and nothing on stderr", async () => {
    await using box = sandbox();
    const wrong = await box.parley(["message", "codex-1", "hi", "--prioritty", "3", "--json"]);
    expect(wrong).toMatchObject({ exitCode: 64, stderr: "" });
    expect(shapeOf(wrong.json())).toEqual({
      ok: null,
      error: { ...keys("code message hint"), details: keys("option suggestion") },
    });
    expect(wrong.json()).toMatchObject({ ok: false, error: { code: "invalid" } });
    const missing = await box.parley(["inbox", "--json"]);
    expect(missing).toMatchObject({ exitCode: 4, stderr: "" });
    expect(missing.json()).toMatchObject({ ok: false, error: { code: "not_found" } });
  });

  test("a warning stands beside the data, not on stderr", async () => {
    await using box = sandbox();
    await box.parley(["register", "--llm", "claude", "--json"]);
    const run = await box.parley(["status", "--stats", "--session", "nobody-1", "--json"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(shapeOf(run.json())).toEqual({
      ok: null,
      data: { stats },
      warnings: [keys("code message")],
    });
  });

  test("a stream is one line an item, each with its type", async () => {
    await using box = sandbox();
    const [claude] = await twoSessions(box);
    const beats = [
      "timeout",
      "2",
      "parley",
      "heartbeat",
      "--watch",
      "--interval",
      "100ms",
      "--json",
    ];
    const { stdout, stderr } = await claude.run(beats);
    const lines = stdout.trimEnd().split("\n");
    expect(stderr).toBe("");
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(shapeOf(JSON.parse(line))).toEqual(keys("type session_id heartbeat_at"));
      expect(JSON.parse(line).type).toBe("heartbeat");
    }
  });
});
