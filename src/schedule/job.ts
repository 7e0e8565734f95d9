/** What a timer is to run. */
import { ParleyError } from "../bus/errors";
import { shellQuote } from "../bus/shell";

type Env = Readonly<Record<string, string | undefined>>;

/** What a timer is to run. Timers start with an environment of their own. */
export interface Job {
  /** Absolute path of the program. */
  program: string;
  args: string[];
  /** Settings that its decisions depend on, as they are now. */
  env: [name: string, value: string][];
}

/** What `cleanup` reads of the environment besides the place of the database. */
const settings = ["PARLEY_STALE_TIMEOUT", "PARLEY_KEEP_SESSIONS", "PARLEY_TTL"];

/** Cleaning up this database with this very program. Throws `invalid` where a path cannot stand on one line. */
export function cleanupJob(env: Env, database: string): Job {
  if (URL.canParse(database) && new URL(database).password !== "") {
    throw new ParleyError("invalid", "A timer would show the password of the database", {
      hint: "leave it out of the URL, and set PGPASSWORD where timers are run",
    });
  }
  const job: Job = {
    program: process.execPath,
    args: [...sources(), "cleanup", "--db", database],
    env: settings.flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  };
  const words = [job.program, ...job.args, ...job.env.map(([, value]) => value)];
  const bad = words.find((word) => /[\n\r\0]/.test(word));
  if (bad === undefined) return job;
  throw new ParleyError("invalid", `No timer can name ${JSON.stringify(bad)}`, {
    hint: "use a path without line breaks",
    details: { value: bad },
  });
}

/** A compiled program is one file; run from the sources it is Bun and our entry point. */
const sources = (): string[] => (/^(\/\$bunfs\/|[A-Z]:[/\\]~BUN)/.test(Bun.main) ? [] : [Bun.main]);

/** A word for `sh`. */
export const shellWord = (word: string): string =>
  /^[\w@+=:,./-]+$/.test(word) ? word : shellQuote(word);
