/** The command that a timer runs. */
import { ParleyError } from "../bus/errors";
import { ownCommand, shellQuote } from "../bus/shell";

type Env = Readonly<Record<string, string | undefined>>;

/** A command with the environment it needs, since timers start with one of their own. */
export interface Job {
  /** Absolute path of the program. */
  program: string;
  args: string[];
  /** The variables that `cleanup` reads, with their present values. */
  env: [name: string, value: string][];
}

/** The variables that `cleanup` reads besides the path of the database. */
const settings = ["PARLEY_STALE_TIMEOUT", "PARLEY_KEEP_SESSIONS", "PARLEY_TTL"];

/** Cleaning up this database with the running program. Throws `invalid` where a path has a line break. */
export function cleanupJob(env: Env, database: string): Job {
  if (URL.canParse(database) && new URL(database).password !== "") {
    throw new ParleyError("invalid", "A timer would show the password of the database", {
      hint: "leave it out of the URL, and set PGPASSWORD where timers are run",
    });
  }
  const [program, ...entryPoint] = ownCommand();
  const job: Job = {
    program,
    args: [...entryPoint, "cleanup", "--db", database],
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

/** A word for `sh`. */
export const shellWord = (word: string): string =>
  /^[\w@+=:,./-]+$/.test(word) ? word : shellQuote(word);
