/** Ways to publish and receive behind one interface: parley, its competitors and bare tables. */
import { Database } from "bun:sqlite";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SQL } from "bun";

import { publish, watch } from "../../src/bus/publish";
import { findCaller, requireActor } from "../../src/bus/caller";
import { createContext } from "../../src/cli/context";
import { createIo } from "../../src/cli/io";
import { busyTimeout, walBytes, walPages } from "../../src/store/sqlite/pragmas";
import { bareTable } from "./sandbox";

/** One way to send from process to process. Payloads are JSON objects on one line. */
export interface Transport {
  publish(text: string): Promise<void> | void;
  subscribe(onPayload: (payload: Payload) => void): Promise<void> | void;
  /** Processes that receive on the caller's behalf, whose CPU counts with the caller's. */
  pids: number[];
  close(): Promise<void> | void;
}

export interface Payload {
  /** The process that sent it, and its number there. */
  from: number;
  n: number;
  /** When it was sent, on the clock of `monotonic`. */
  sent: number;
}

export type TransportName = keyof typeof transports;

export interface Setting {
  /** Directory of the run: holds sockets and files, and names the channel on shared servers. */
  directory: string;
  binary: string;
}

/** Transports of parley first register a session of the calling process. */
export const transports = {
  /** The bus in this process, published and watched as the verbs do it. */
  parley: async ({ binary }: Setting): Promise<Transport> => {
    const session = register(binary);
    const io = createIo();
    const context = createContext({ io, db: undefined, session, asOperator: false, json: true });
    const bus = await context.bus("create");
    const actor = await requireActor(bus, false);
    const stop = new AbortController();
    let watching: Promise<void> = Promise.resolve();
    return {
      pids: [],
      publish: async (text) =>
        void (await publish(bus, actor, {
          channel: "state",
          text,
          ttl: null,
          priority: 1,
          type: "published",
        })),
      subscribe: async (onPayload) => {
        const since = await bus.store.newestId();
        const { signal } = stop;
        const query = { channels: ["state"], all: false, since, duration: null, signal };
        const caller = await findCaller(bus, false);
        watching = (async () => {
          for await (const { message } of watch(bus, caller.actor, query)) {
            onPayload(message.payload as unknown as Payload);
          }
        })();
      },
      close: async () => {
        stop.abort();
        await watching;
        await context[Symbol.asyncDispose]();
      },
    };
  },

  /** As above, but received by the compiled binary: `parley watch state --json`, read through a pipe. */
  watch: async (setting: Setting): Promise<Transport> => {
    const parley = await transports.parley(setting);
    const session = `claude-${process.pid}`;
    const child = Bun.spawn([setting.binary, "watch", "state", "--json", "--session", session], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    // Where this process fails, no child is left that holds its pipes.
    process.on("exit", () => child.kill("SIGKILL"));
    let reading: Promise<void> = Promise.resolve();
    return {
      pids: [child.pid],
      publish: parley.publish,
      subscribe: (onPayload) => {
        const lines = lineSplitter((line) => {
          // Other lines are about the stream itself.
          const { message } = JSON.parse(line);
          if (message) onPayload(message.payload);
        });
        reading = (async () => {
          const decoder = new TextDecoder();
          for await (const bytes of child.stdout) lines(decoder.decode(bytes, { stream: true }));
        })();
      },
      close: async () => {
        child.kill("SIGTERM");
        await Promise.all([child.exited, reading]);
        await parley.close();
      },
    };
  },

  /** Bare prepared inserts into the same table with the same indexes and pragmas: the least that publishing can cost. */
  inserts: ({ binary }: Setting): Transport => {
    const session = register(binary);
    const db = new Database(process.env["PARLEY_DB"], { strict: true });
    db.run(`pragma busy_timeout = ${busyTimeout}; pragma synchronous = normal;
      pragma wal_autocheckpoint = ${walPages}; pragma journal_size_limit = ${walBytes};`);
    const insert = db.query<unknown, [string, string, string, string]>(
      `insert into session_messages(sender_id, channel, payload, created_at, ttl_seconds, message_type, priority, status,
          expires_at, delivered_at)
        values (?1, 'state', ?2, ?3, 60, 'published', 1, 'delivered', ?4, ?3)`,
    );
    return {
      pids: [],
      publish: (text) => {
        const now = Date.now();
        const [at, end] = [now, now + 60_000].map((each) => new Date(each).toISOString());
        insert.run(session, text, at ?? "", end ?? "");
      },
      subscribe: () => {},
      close: () => db.close(),
    };
  },

  /** One statement to write and notify, one to read new messages, on a server: the least that a bus there can cost. */
  postgres: async (): Promise<Transport> => {
    const url = new URL(process.env["PARLEY_DB"] ?? "");
    const schema = url.searchParams.get("schema");
    url.searchParams.delete("schema");
    const table = `${schema}.${bareTable}`;
    const [writer, reader] = [url.href, url.href].map((each) => new SQL(each, { max: 1 }));
    return {
      pids: [],
      publish: async (text) =>
        void (await writer!.unsafe(
          `with m as (insert into ${table}(payload) values ($1) returning id)
            select pg_notify('${schema}', '') from m`,
          [text],
        )),
      subscribe: async (onPayload) => {
        let cursor = 0;
        let looking: Promise<void> = Promise.resolve();
        const look = async (): Promise<void> => {
          const rows = await reader!.unsafe(
            `select id::int, payload from ${table} where id > $1 order by id`,
            [cursor],
          );
          for (const { payload } of rows) onPayload(JSON.parse(payload));
          cursor = rows.at(-1)?.id ?? cursor;
        };
        await reader!.listen(schema ?? "", () => void (looking = looking.then(look)));
      },
      close: async () => {
        await Promise.all([writer!.close({ timeout: 0 }), reader!.close({ timeout: 0 })]);
      },
    };
  },

  redis: async ({ directory }: Setting): Promise<Transport> => {
    const connect = async () => {
      const client = new Bun.RedisClient("redis://127.0.0.1:6379", { connectionTimeout: 1000 });
      await client.connect();
      return client;
    };
    // A client that subscribes may not publish.
    const [publisher, subscriber] = await Promise.all([connect(), connect()]);
    return {
      pids: [],
      publish: async (text) => void (await publisher.publish(directory, text)),
      subscribe: async (onPayload) =>
        void (await subscriber.subscribe(directory, (text) => onPayload(JSON.parse(text)))),
      close: () => {
        publisher.close();
        subscriber.close();
      },
    };
  },

  nats: async ({ directory }: Setting): Promise<Transport> => {
    const subject = directory.replace(/\W/g, "-");
    let receive: (payload: Payload) => void = () => {};
    const greeted = Promise.withResolvers<void>();
    const lines = lineSplitter((line) => {
      if (line.startsWith("INFO")) greeted.resolve();
      else if (line.startsWith("PING")) socket.write("PONG\r\n");
      else if (line.startsWith("{")) receive(JSON.parse(line));
    });
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: 4222,
      socket: { data: (_, bytes) => lines(bytes.toString()) },
    });
    socket.setNoDelay(true);
    await greeted.promise;
    socket.write('CONNECT {"verbose":false}\r\n');
    return {
      pids: [],
      publish: (text) => void socket.write(`PUB ${subject} ${text.length}\r\n${text}\r\n`),
      subscribe: (onPayload) => {
        receive = onPayload;
        socket.write(`SUB ${subject} 1\r\n`);
      },
      close: () => void socket.end(),
    };
  },

  socket: ({ directory }: Setting): Transport => {
    const unix = join(directory, "socket");
    let connected: Promise<Bun.Socket> | null = null;
    let listening: Bun.UnixSocketListener<undefined> | null = null;
    return {
      pids: [],
      publish: async (text) => {
        connected ??= Bun.connect({ unix, socket: { data: () => {} } });
        (await connected).write(`${text}\n`);
      },
      subscribe: (onPayload) => {
        const lines = lineSplitter((line) => onPayload(JSON.parse(line)));
        listening = Bun.listen({ unix, socket: { data: (_, bytes) => lines(bytes.toString()) } });
      },
      close: async () => {
        (await connected)?.end();
        listening?.stop(true);
      },
    };
  },

  /** The newest hundred messages in one file, which its only writer replaces and readers poll every 250 ms. */
  file: ({ directory }: Setting): Transport => {
    const path = join(directory, "messages.json");
    const newest: unknown[] = [];
    let timer: Timer | undefined;
    return {
      pids: [],
      publish: (text) => {
        newest.push(JSON.parse(text));
        if (newest.length > 100) newest.shift();
        writeFileSync(`${path}.new`, JSON.stringify(newest));
        renameSync(`${path}.new`, path);
      },
      subscribe: (onPayload) => {
        let seen = -1;
        timer = setInterval(() => {
          if (!existsSync(path)) return;
          for (const each of JSON.parse(readFileSync(path, "utf8")) as Payload[]) {
            if (each.n <= seen) continue;
            seen = each.n;
            onPayload(each);
          }
        }, 250);
      },
      close: () => clearInterval(timer),
    };
  },
} satisfies Record<string, (setting: Setting) => Transport | Promise<Transport>>;

function register(binary: string): string {
  const pid = String(process.pid);
  const { exitCode, stderr } = Bun.spawnSync([binary, "register", "--llm", "claude", "--pid", pid]);
  if (exitCode !== 0) throw new Error(`parley register exited with ${exitCode}: ${stderr}`);
  return `claude-${pid}`;
}

function lineSplitter(onLine: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onLine(line);
  };
}
