/** `log`: appends to the session log, or shows it. */
import { callingSession } from "../bus/caller";
import { timestamp } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import { logEntry, type LogResult } from "../bus/session-log";
import type { SessionRecord } from "../bus/session";
import type { Answer, Context } from "../cli/command";
import { busIfAny, defineCommand, flag, option, optional, usageError } from "../cli/command";
import { createSessionLog } from "../files/session-log";

export default defineCommand({
  args: {
    text: optional("What happened; - reads it from standard input"),
    view: flag("Show the log of a day"),
    date: option("YYYY-MM-DD", "The UTC day to show (today)"),
    issue: flag("It is an issue that was found"),
    fix: flag("It is a fix that was made"),
    deployed: flag("It was deployed"),
  },
  examples: [
    'log "moved the parser into its own module"',
    'log --fix "the race in cleanup"',
    "log --view",
  ],
  async run({ args, context }) {
    const view = args.view || (args.text === undefined && args.date !== undefined);
    if (view === (args.text !== undefined)) {
      throw misuse("Give either a text or --view");
    }
    const kinds = (["issue", "fix", "deployed"] as const).filter((kind) => args[kind]);
    if (kinds.length > 1) {
      throw usageError(`--${kinds.join(" and --")} exclude each other`, "give one of them");
    }
    if (view ? kinds.length > 0 : args.date !== undefined) {
      throw misuse(view ? `--${kinds[0]} goes with a text` : "--date goes with --view");
    }
    const date = checkedDate(args.date ?? timestamp(context.clock.now()).slice(0, 10));
    const text = args.text === "-" ? await context.io.readStdin() : (args.text ?? "");
    if (!view && text.trim() === "") throw misuse("The text is empty");
    const at = context.clock.now();
    const record = await sessionIfAny(context);
    const project_id = record
      ? record.project_id
      : context.identity.project(context.io.cwd).project_id;
    const log = createSessionLog(context);
    if (view)
      return answer({ path: log.path(project_id, date), entry: log.read(project_id, date) }, true);
    const entry = logEntry({
      text,
      kind: kinds[0] ?? null,
      author: record && { vendor: record.llm_vendor, model: record.llm_model },
      at: new Date(at),
    });
    return answer({ path: log.append({ project_id, text: entry, at }), entry }, false);
  },
});

const answer = (data: LogResult, whole: boolean): Answer => ({
  data,
  view: async (style) => (await import("../render/log-entry")).logView(data, style, whole),
});

const misuse = (problem: string): ParleyError =>
  usageError(problem, 'write parley log "what happened"');

/** The calling session; null, for the operator, without one or without a database, which a log does not need. */
async function sessionIfAny(context: Context): Promise<SessionRecord | null> {
  const bus = await busIfAny(context);
  return bus === null || context.asOperator ? null : callingSession(bus);
}

function checkedDate(date: string): string {
  const time = Date.parse(`${date}T00:00:00Z`);
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(time) || timestamp(time).slice(0, 10) !== date) {
    throw new ParleyError("invalid", `--date takes a day as YYYY-MM-DD, not ${date}`, {
      hint: "for example --date 2026-02-11",
    });
  }
  return date;
}
