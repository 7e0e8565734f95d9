/**
 * OpenCode's side of parley: calls `parley hook opencode EVENT` at the events of a session and does what it answers.
 * Whatever goes wrong here goes on as if there were no plugin; only a refused edit throws.
 */
import { spawn } from "node:child_process";

const program = "PROGRAM";
/** Milliseconds that a call may take; it gives up after 2 s by itself. */
const patience = 2500;
/** A session that is told of nothing for half an hour ends. */
const beatEvery = 10 * 60_000;
/** Tools whose calls may edit files or change a worktree. */
const guarded = new Set(["edit", "write", "multiedit", "patch", "apply_patch", "bash"]);
/** What `opencode run` continues after its turn nobody would wait for. */
const ends = process.argv.slice(2).includes("run");

export const Parley = async ({ client, directory }) => {
  /** The session that the user speaks to, by the ids of those that work for it. */
  const roots = new Map();
  /** Of each root: the calls so far, and what is known of it. */
  const known = new Map();
  let latest = null;

  const sessionOf = (id) => {
    const found = known.get(id) ?? {
      ...{ id, calls: Promise.resolve(), carried: [], greeted: false },
      ...{ continuing: false, agent: undefined, model: undefined },
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
    const answer = session.calls.then(() => call(event, payload));
    session.calls = answer;
    return answer;
  };

  const take = (session) => session.carried.splice(0).join("\n\n");

  const keep = (session, { context }) => {
    if (context) session.carried.push(context);
  };

  /** What cannot be said now is said with the next prompt. */
  const goOn = async (session, text) => {
    session.continuing = true;
    const { id, agent, model } = session;
    const body = {
      parts: [{ type: "text", text }],
      ...(agent && { agent }),
      ...(model && { model }),
    };
    try {
      const { error } = await client.session.promptAsync({ path: { id }, body });
      if (!error) return;
    } catch {
      // The same as an error in the answer.
    }
    session.continuing = false;
    session.carried.push(text);
  };

  const turnIsOver = async (id) => {
    const session = await rootOf(id);
    if (session.id !== id) return;
    const continued = session.continuing || ends;
    session.continuing = false;
    const answer = await tell(session, "session.idle", { stop_hook_active: continued });
    // Not waited for: the prompt itself calls, and would wait for this.
    if (answer.continue) void goOn(session, answer.continue);
  };

  const beat = setInterval(() => {
    if (latest) void tell(latest, "session.beat");
  }, beatEvery);
  beat.unref?.();

  return {
    event: quietly(async ({ event: { type, properties } }) => {
      switch (type) {
        case "session.created":
          roots.set(properties.info.id, properties.info.parentID ?? null);
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
      latest = session;
      session.agent = message.agent;
      session.model = message.model;
      if (!session.greeted) {
        session.greeted = true;
        keep(session, await tell(session, "session.start"));
      }
      keep(session, await tell(session, "chat.message"));
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
      await Promise.all([...known.values()].map((session) => tell(session, "dispose")));
    }),
  };
};

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
