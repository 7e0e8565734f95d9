/** A stand-in for Codex's daemon: its files below a home, and its answers as recorded with Codex 0.169.0. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Daemon extends Disposable {
  /** The threads that it has loaded. */
  readonly threads: Set<string>;
  /** It reads requests and answers none. */
  mute: boolean;
  /** How many connections there have been. */
  asked: number;
}

/** Starts a daemon that claims to be the process `pid`. */
export function startDaemon(codexHome: string, pid: number): Daemon {
  const control = join(codexHome, "app-server-control");
  const daemonDirectory = join(codexHome, "app-server-daemon");
  for (const each of [control, daemonDirectory]) mkdirSync(each, { recursive: true });
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const startTicks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  writeFileSync(
    join(daemonDirectory, "daemon.pid"),
    JSON.stringify({
      pid,
      processStartTime: "Sat Nov 21 05:38:24 2026",
      processIdentity: { bootId, startTicks },
    }),
  );
  const directory = mkdtempSync(join(tmpdir(), "codex-daemon-"));
  const unix = join(directory, "87ca284f940dcce1");
  const daemon = { threads: new Set<string>(), mute: false, asked: 0 };
  const server = Bun.serve({
    unix,
    fetch: (request, self) =>
      self.upgrade(request) ? undefined : new Response("no WebSocket", { status: 400 }),
    websocket: {
      open: () => void (daemon.asked += 1),
      message(socket, text) {
        const { id, method } = JSON.parse(String(text));
        const reply = (message: object): void => void socket.send(JSON.stringify(message));
        if (daemon.mute) return;
        if (method === "initialize") {
          reply({
            id,
            result: {
              userAgent: "codex-tui/0.169.0 (Debian 12.0.0; x86_64) xterm-256color (parley; 1)",
              codexHome,
              platformFamily: "unix",
              platformOs: "linux",
            },
          });
        }
        if (method === "initialized") {
          const params = { status: "disabled", serverName: "vm", environmentId: null };
          reply({ method: "remoteControl/status/changed", params, emittedAtMs: 1795240092724 });
        }
        if (method === "thread/loaded/list") {
          reply({ id, result: { data: [...daemon.threads], nextCursor: null } });
        }
      },
    },
  });
  symlinkSync(unix, join(control, "app-server-control.sock"));
  return Object.assign(daemon, {
    [Symbol.dispose]: () => {
      void server.stop(true);
      rmSync(directory, { recursive: true, force: true });
    },
  });
}
