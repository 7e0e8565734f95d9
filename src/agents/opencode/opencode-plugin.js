/**
 * OpenCode's side of parley: calls `parley hook opencode EVENT` at the events of a session and does what it answers.
 * Whatever goes wrong here goes on as if there were no plugin; only a refused edit throws.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = "PROGRAM";
/** Milliseconds that a call may take; it gives up after 2 s by itself. */
const patience = 2500;
/** A session that is told of nothing for half an hour ends. */
const beatEvery = 10 * 60_000;
/** Tools whose calls may edit files or change a worktree. */
const guarded = new Set(["edit", "write", "multiedit", "patch", "apply_patch", "bash"]);
/** All that may come in at the socket: this line to the letter, since a model is shown it as its user's own prompt. */
const doorbell =
  /^parley: a message from [A-Za-z0-9][A-Za-z0-9._-]{0,127} waits; it is shown beside this line, or with parley inbox$/;
/** How much of a prompt is told, and how long a line at the socket may be, in characters. */
const longestLine = 4096;
/** What `opencode run` continues after its turn nobody would wait for. */
const ends = process.argv.slice(2).includes("run");

export const Parley = async ({ client, directory }) => {
  /** The session that the user speaks to, by the ids of those that work for it. */
  const roots = new Map();
  /** Of each root: the calls so far, and what is known of it. */
  const known = new Map();
  let latest = null;
  /** Resolves with the socket, which is made when a session begins. */
  let bell = null;

  const sessionOf = (id) => {
    const found = known.get(id) ?? {
      ...{ id, calls: Promise.resolve(), carried: [], greeted: false },
      ...{ busy: false, continuing: false, failed: false, agent: undefined, model: undefined },
    };
    known.set(id, found);
    return found;
  };

  /** A subagent's session has a parent; what is asked about once stays as it is. */
  const rootOf = async (id) => {
    for (let depth = 0, at = id; depth < 8; depth++) {
      if (!roots.has(at)) {
        const answer = await within(client.session.get({ path: { id: at } }));
        if (answer?.data) roots.set(at, answer.data.parentID ?? null);
      }
      const parent = roots.get(at);
      if (!parent) return sessionOf(at);
      at = parent;
    }
    return sessionOf(id);
  };

  /** One call after the other, so that the end of a turn does not overtake what was in it. */
  const tell = (session, event, more = {}) => {
    const payload = { hook_event_name: event, session_id: session.id, cwd: directory, ...more };
    const { model } = session;
    if (model) payload.model = `${model.providerID}/${model.modelID}`;
    const answer = session.calls.then(async () => {
      const found = await bell;
      if (found) payload.agent_home = found.directory;
      return call(event, payload);
    });
    session.calls = answer;
    return answer;
  };

  const take = (session) => session.carried.splice(0).join("\n\n");

  const keep = (session, { context }) => {
    if (context) session.carried.push(context);
  };

  /** Begins a turn as it was last prompted. Whether OpenCode took the prompt. */
  const beginTurn = async ({ id, agent, model }, text) => {
    const body = {
      parts: [{ type: "text", text }],
      ...(agent && { agent }),
      ...(model && { model }),
    };
    try {
      return !(await client.session.promptAsync({ path: { id }, body })).error;
    } catch {
      return false;
    }
  };

  /** What cannot be said now is said with the next prompt. */
  const goOn = async (session, text) => {
    session.continuing = true;
    if (await beginTurn(session, text)) return;
    session.continuing = false;
    session.carried.push(text);
  };

  /** What came in at the socket begins a turn of the session that it names, if it is a line of parley's own. */
  const ring = async ({ session_id, text }) => {
    const session = known.get(session_id);
    if (!session) return { error: "OpenCode has no such session now" };
    if (typeof text !== "string" || !doorbell.test(text))
      return { error: "its plugin takes no such line" };
    return (await beginTurn(session, text)) ? {} : { error: "OpenCode took no prompt" };
  };

  const turnIsOver = async (id) => {
    // One that was deleted at work still tells of its turn's end.
    const session = known.get(id);
    if (!session || (await rootOf(id)) !== session) return;
    const continued = session.continuing || ends;
    session.busy = false;
    session.continuing = false;
    // What its user has stopped does not go on; of that OpenCode tells twice.
    const event = session.failed ? "session.error" : "session.idle";
    const answer = await tell(session, event, { stop_hook_active: continued });
    // Not waited for: the prompt itself calls, and would wait for this.
    if (answer.continue) void goOn(session, answer.continue);
  };

  const beat = setInterval(() => {
    for (const session of known.values()) {
      if (session === latest || session.busy) void tell(session, "session.beat");
    }
  }, beatEvery);
  beat.unref?.();

  return {
    event: quietly(async ({ event: { type, properties } }) => {
      switch (type) {
        case "session.created":
          roots.set(properties.info.id, properties.info.parentID ?? null);
          break;
        case "session.error":
          if (known.has(properties.sessionID)) known.get(properties.sessionID).failed = true;
          break;
        case "session.idle":
          await turnIsOver(properties.sessionID);
          break;
        case "permission.asked":
          await tell(await rootOf(properties.sessionID), type);
          break;
        case "session.deleted": {
          const { id } = properties.info;
          const session = known.get(id);
          known.delete(id);
          if (latest === session) latest = null;
          if (session) await tell(session, type);
        }
      }
    }),

    "chat.message": quietly(async ({ sessionID }, { message, parts }) => {
      const session = await rootOf(sessionID);
      if (session.id !== sessionID) return;
      const said = parts.find(({ type }) => type === "text")?.text ?? "";
      // No human speaks where the plugin does.
      if (!session.continuing && !doorbell.test(said)) latest = session;
      session.busy = true;
      session.failed = false;
      session.agent = message.agent;
      session.model = message.model;
      if (!session.greeted) {
        session.greeted = true;
        if (!ends) bell ??= within(openBell(ring));
        keep(session, await tell(session, "session.start"));
      }
      const prompt = said.slice(0, longestLine);
      keep(session, await tell(session, "chat.message", { prompt }));
      const text = take(session);
      const last = parts.at(-1);
      // Parts are sorted by their ids.
      if (text && last) {
        const id = `${last.id}p`;
        parts.push({ id, sessionID, messageID: message.id, type: "text", text, synthetic: true });
      } else if (text) session.carried.push(text);
    }),

    "tool.execute.before": async ({ tool, sessionID }, { args }) => {
      if (!guarded.has(tool)) return;
      const deny = await quietly(async () => {
        const session = await rootOf(sessionID);
        const more = { tool_name: tool, tool_input: args, ...subagent(session, sessionID) };
        const answer = await tell(session, "tool.execute.before", more);
        keep(session, answer);
        return answer.deny;
      })();
      if (deny) throw new Error(deny);
    },

    "tool.execute.after": quietly(async ({ tool, sessionID, args }, output) => {
      const session = await rootOf(sessionID);
      const more = { tool_name: tool, tool_input: args, ...subagent(session, sessionID) };
      keep(session, await tell(session, "tool.execute.after", more));
      if (session.id !== sessionID || session.carried.length === 0) return;
      if (typeof output.output === "string") output.output += `\n\n${take(session)}`;
      else if (Array.isArray(output.content)) {
        output.content.push({ type: "text", text: take(session) });
      }
    }),

    "shell.env": quietly(async ({ sessionID }, { env }) => {
      if (sessionID) env.OPENCODE_SESSION_ID = (await rootOf(sessionID)).id;
    }),

    dispose: quietly(async () => {
      clearInterval(beat);
      (await bell)?.close();
      await Promise.all([...known.values()].map((session) => tell(session, "dispose")));
    }),
  };
};

/** Where this process is rung: a socket that only its user reaches, for one line of JSON and its answer; or nothing. */
const openBell = (ring) =>
  new Promise((resolve) => {
    let directory;
    const server = createServer((socket) => {
      let line = "";
      socket.setEncoding("utf8");
      socket.on("error", () => {});
      socket.setTimeout(patience, () => socket.destroy());
      socket.on("data", async (chunk) => {
        if (line.includes("\n")) return;
        line += chunk;
        if (line.length > longestLine) return socket.destroy();
        if (!line.includes("\n")) return;
        const answer = (await quietly(ring)(parsed(line))) ?? { error: "its plugin failed" };
        socket.end(`${JSON.stringify(answer)}\n`);
      });
    });
    const close = quietly(async () => {
      server.close();
      rmSync(directory, { recursive: true, force: true });
    });
    server.on("error", () => resolve(close()));
    try {
      directory = mkdtempSync(join(tmpdir(), "parley-opencode-"));
      server.listen(join(directory, "wake.sock"), () => resolve({ directory, close }));
      server.unref();
    } catch {
      resolve();
    }
  });

const subagent = (session, id) => (session.id === id ? {} : { agent_id: id });

const quietly =
  (work) =>
  async (...args) => {
    try {
      return await work(...args);
    } catch {
      return undefined;
    }
  };

/** Undefined where it takes too long or fails. */
async function within(promise) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, patience)));
  try {
    return await Promise.race([promise, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The answer of one call; empty where there is none in time. Never rejects. */
function call(event, payload) {
  return new Promise((resolve) => {
    try {
      const stdio = ["pipe", "pipe", "ignore"];
      const child = spawn(program, ["hook", "opencode", event], { cwd: payload.cwd, stdio });
      const chunks = [];
      const done = () => {
        clearTimeout(timer);
        resolve(parsed(Buffer.concat(chunks).toString("utf8")));
      };
      // What has been read counts as delivered, so it is not thrown away.
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        done();
      }, patience);
      child.on("error", done);
      child.on("close", done);
      child.stdin.on("error", () => {});
      child.stdout.on("data", (chunk) => chunks.push(chunk));
      child.stdin.end(JSON.stringify(payload));
    } catch {
      resolve({});
    }
  });
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
