/** Keeps the session log in Markdown files, one a project, machine and day. */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { ParleyError } from "../bus/errors";
import type { Identity } from "../bus/identity";
import type { LogEntry, SessionLog } from "../bus/session-log";

export interface SessionLogOptions {
  /** `logs`: directory of all session logs, `<data dir>/session-logs` or PARLEY_LOG_DIR. */
  paths: { readonly logs: string };
  identity: Pick<Identity, "machine">;
}

/** In `<root>/projects/<project>/<machine-uuid>`. The options are read only for an entry: without a home there may be no root. */
export function createSessionLog(options: SessionLogOptions): SessionLog {
  const path = (project_id: string | null, date: string): string => {
    if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(date))) {
      throw new ParleyError("invalid", `"${date}" is not a date`, {
        hint: "write it as 2026-02-11",
      });
    }
    return join(
      options.paths.logs,
      "projects",
      folder(project_id),
      fileName(options.identity.machine().machine_uuid),
      `SESSION-LOG-${date}.md`,
    );
  };

  return {
    path,
    append({ project_id, text, at }: LogEntry): string {
      const date = new Date(at).toISOString().slice(0, 10);
      const file = path(project_id, date);
      const project = (project_id ?? unscoped).replace(/\p{C}|\p{Zl}|\p{Zp}/gu, " ");
      try {
        append(file, `# Session log — ${project} — ${date}\n`, `\n${text.trimEnd()}\n`);
      } catch (error) {
        throw refused("write", file, error);
      }
      return file;
    },
    read(project_id: string | null, date: string): string | null {
      const file = path(project_id, date);
      try {
        return readFileSync(file, "utf8");
      } catch (error) {
        if (reason(error) === "ENOENT") return null;
        throw refused("read", file, error);
      }
    },
  };
}

const unscoped = "unscoped";

/** A project's folder; a project that happens to be called `unscoped` is not the one without a project. */
const folder = (project_id: string | null): string =>
  project_id === null ? unscoped : fileName(project_id, project_id === unscoped);

/** One path segment. What cannot stand in a file name is replaced, and a hash of the original keeps apart what became alike. */
function fileName(text: string, marked = false): string {
  const normal = text.normalize("NFC");
  let name = normal
    .replace(/[^\p{L}\p{M}\p{N}._ @+-]/gu, "-")
    .replace(/^[. ]+/, "-")
    .replace(/[. ]+$/, "-")
    // Device names of Windows, with or without an extension.
    .replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, "-$1");
  // File systems allow 255 bytes a segment; the hash needs its share.
  while (Buffer.byteLength(name) > 120) name = [...name].slice(0, -1).join("");
  if (name === text && name !== "" && !marked) return name;
  return `${name}-${new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 12)}`;
}

/** A link in its place leads to a file that is no log. Not every platform can tell. */
const appending = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

/** One write a text, at the end, whoever else appends: nothing is lost or interleaved. */
function append(file: string, header: string, text: string): void {
  let fd: number;
  try {
    fd = openSync(file, appending);
  } catch (error) {
    if (reason(error) !== "ENOENT") throw error;
    ensureDirectory(dirname(file));
    begin(file, header);
    fd = openSync(file, appending);
  }
  try {
    if (fstatSync(fd).size + text.length > maxLogBytes) throw new LogIsFull();
    writeAll(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Largest log of a project's day, in bytes. Something writes to it in a loop long before. */
export const maxLogBytes = 16 * 1024 * 1024;

class LogIsFull extends Error {
  readonly code = `it has reached ${maxLogBytes / 1024 / 1024} MiB; another begins tomorrow`;
}

/** Makes a file that already holds its header when it first appears, or finds that another process just did. */
function begin(file: string, header: string): void {
  const draft = `${file}.${process.pid}-${crypto.randomUUID()}`;
  create(draft, header);
  try {
    linkSync(draft, file);
  } catch (error) {
    if (reason(error) === "EEXIST") return;
    // File systems without hard links: the header may come second in a race, which loses nothing.
    try {
      create(file, header);
    } catch (inner) {
      if (reason(inner) !== "EEXIST") throw inner;
    }
  } finally {
    unlinkSync(draft);
  }
}

function create(file: string, text: string): void {
  const fd = openSync(file, "ax", 0o600);
  try {
    // The mode given to `open` and `mkdir` is cut by the umask; this one is not.
    fchmodSync(fd, 0o600);
    writeAll(fd, text);
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(fd, bytes));
}

/** Like `mkdir -p`, each new level private; what exists keeps the mode its owner gave it. */
function ensureDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) ensureDirectory(parent);
  try {
    mkdirSync(directory, 0o700);
    chmodSync(directory, 0o700);
  } catch (error) {
    if (reason(error) !== "EEXIST") throw error;
  }
}

const reason = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const refused = (what: "read" | "write", path: string, cause: unknown): ParleyError =>
  new ParleyError(
    "not_permitted",
    `cannot ${what} the session log ${path} (${reason(cause) ?? String(cause)})`,
    {
      hint: "Set PARLEY_LOG_DIR to a directory that you may write to, or skip the log with --no-log.",
      details: { path },
      cause,
    },
  );
