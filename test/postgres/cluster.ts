/** A PostgreSQL server of a test's own, that it may stop, restart and refuse logins with. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";

import { server } from "../server";

/** Where PostgreSQL's own programs are; null where they are not installed. */
function findPrograms(): string | null {
  const initdb = Bun.which("initdb");
  if (initdb) return dirname(realpathSync(initdb));
  const [newest] = [
    ...new Bun.Glob("/usr/lib/postgresql/*/bin").scanSync({
      cwd: "/",
      onlyFiles: false,
      absolute: true,
    }),
  ]
    .toSorted()
    .toReversed();
  return newest ?? null;
}

const programs = findPrograms();
const isRoot = process.getuid?.() === 0;
/** The server refuses to run as root. */
const user = isRoot ? "postgres" : userInfo().username;
const uid = isRoot ? Number(Bun.spawnSync(["id", "-u", user]).stdout.toString()) : null;

/** Why such tests are skipped; null where they run. */
export const missing =
  server === null
    ? "no server"
    : programs === null
      ? "no initdb"
      : uid !== null && !uid
        ? "no user postgres"
        : null;

export interface Cluster {
  port: number;
  /** As the superuser, on the database `postgres`; with `schema` as it is asked for. */
  url(user?: string, schema?: string, options?: string): string;
  /** Lines that come first in `pg_hba.conf`. */
  admit(...lines: string[]): Promise<void>;
  start(): Promise<void>;
  stop(mode?: "fast" | "immediate"): Promise<void>;
  /** A standby that follows this server. */
  standby(): Promise<Cluster>;
  remove(): Promise<void>;
}

export async function startCluster(...settings: string[]): Promise<Cluster> {
  const root = ownDirectory();
  await as(
    user,
    program("initdb"),
    "-D",
    join(root, "data"),
    "-A",
    "trust",
    "-U",
    "owner",
    "--no-sync",
    "-E",
    "UTF8",
    "--locale=C",
  );
  return run(root, settings);
}

async function run(root: string, settings: string[]): Promise<Cluster> {
  const data = join(root, "data");
  const port = freePort();
  const original = readFileSync(join(data, "pg_hba.conf"), "utf8");
  const options = [
    `port=${port}`,
    `unix_socket_directories=${root}`,
    "listen_addresses=127.0.0.1",
    "fsync=off",
    ...settings,
  ];
  const control = (...words: string[]): Promise<void> =>
    as(user, program("pg_ctl"), "-D", data, "-w", "-t", "60", "-l", join(root, "log"), ...words);
  const start = (): Promise<void> =>
    control("-o", options.map((each) => `-c ${each}`).join(" "), "start");
  const standbys: Cluster[] = [];
  await start();
  return {
    port,
    url: (name = "owner", schema = "parley", more = "") =>
      `postgres://${name}@127.0.0.1:${port}/postgres?schema=${schema}${more}`,
    admit: async (...lines) => {
      writeFileSync(join(data, "pg_hba.conf"), `${lines.join("\n")}\n${original}`);
      await control("reload");
    },
    start,
    stop: (mode = "fast") => control("-m", mode, "stop"),
    standby: async () => {
      const place = ownDirectory();
      await as(
        user,
        program("pg_basebackup"),
        "-h",
        "127.0.0.1",
        "-p",
        `${port}`,
        "-U",
        "owner",
        "-D",
        join(place, "data"),
        "-R",
        "-c",
        "fast",
        "-X",
        "stream",
        "--no-sync",
      );
      const copy = await run(place, settings);
      standbys.push(copy);
      return copy;
    },
    remove: async () => {
      for (const each of standbys) await each.remove();
      await control("-m", "immediate", "stop").catch(() => {});
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const program = (name: string): string => join(programs ?? "", name);

/** A directory of the user that servers run as. */
export function ownDirectory(): string {
  // Sockets have short paths.
  const root = mkdtempSync(join(existsSync("/tmp") ? "/tmp" : tmpdir(), "parley-pg-"));
  chmodSync(root, 0o700);
  if (uid !== null) chownSync(root, uid, uid);
  return root;
}

/** Runs a program as the user that servers run as. Throws where it fails. */
export const asServer = (...command: string[]): Promise<void> => as(user, ...command);

async function as(name: string, ...command: string[]): Promise<void> {
  const cmd = isRoot ? ["runuser", "-u", name, "--", ...command] : command;
  // The server that pg_ctl starts would hold a pipe open.
  const child = Bun.spawn(cmd, {
    cwd: "/",
    stdio: ["ignore", "ignore", "ignore"],
    env: { PATH: "/usr/sbin:/usr/bin:/bin", LC_ALL: "C" },
  });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
}

export function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}
