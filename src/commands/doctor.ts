/** `doctor`: checks the installation, and repairs a damaged database. */
import type { DatabaseReport, Finding, Repair } from "../bus/doctor";
import { withTimeLimit } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import { settingsFrom } from "../bus/settings";
import { agentSetups } from "../agents/agents";
import { type Context, defineCommand, flag } from "../cli/command";
import { isServerUrl } from "../cli/paths";
import { version } from "../cli/version";
import { databaseFindings, finding, spaceFindings } from "../setup/database";
import { vendorFindings } from "../setup/doctor";
import { findPlace } from "../setup/vendor";

/** Time limit of the change signal, the only check that could hang: in a file watcher that is stuck. */
const timeoutMs = 3000;

export default defineCommand({
  args: {
    repair: flag("Move a damaged database aside, and save into a new one what can be read"),
  },
  examples: ["doctor", "doctor --json", "doctor --repair"],
  async run({ args, context }) {
    const repaired = args.repair ? { repaired: await repair(context) } : {};
    const report = await inspect(context).catch((error: unknown) => failed("database", error));
    const isReport = !("check" in report);
    const findings = [
      await versionFinding(),
      ...(isReport ? databaseFindings(report) : [report]),
      ...(isReport && report.kind === "ours" && report.integrity === "ok"
        ? [await changeSignalFinding(context)]
        : []),
      ...spaceFindings(directoriesOf(context, isReport ? report : null)),
      await preferencesFinding(context).catch((error: unknown) => failed("preferences", error)),
      ...(await agentFindings(context, isReport ? report.last_seen : {}).catch((error: unknown) => [
        failed("agents", error),
      ])),
    ];
    const healthy = findings.every(({ status }) => status === "ok" || status === "info");
    const data = { healthy, findings, ...repaired };
    return {
      data,
      view: async (style) => (await import("../render/doctor")).doctorView(data, style),
      exitCode: healthy ? 0 : 1,
    };
  },
});

/** Inspects the database without changing it. */
async function inspect({ paths, io, identity }: Context): Promise<DatabaseReport> {
  const { database, privateDirectory } = paths;
  if (isServerUrl(database)) {
    const { inspectServer } = await import("../store/postgres/inspect");
    return inspectServer(database, {
      settings: settingsFrom(io.env),
      schema: io.env["PARLEY_SCHEMA"],
      machineUuid: () => identity.machine().machine_uuid,
    });
  }
  const { inspectDatabase } = await import("../store/sqlite/inspect");
  return inspectDatabase(database, privateDirectory);
}

async function repair({ paths }: Context): Promise<Repair | null> {
  const { repairDatabase } = await import("../store/sqlite/repair");
  return repairDatabase(paths.database, paths.privateDirectory);
}

async function versionFinding(): Promise<Finding> {
  const { version: number, commit, target } = await version();
  const built = commit === null ? "from the sources" : commit.slice(0, 12);
  return finding("version", "ok", `parley ${number} for ${target} (${built})`);
}

async function changeSignalFinding(context: Context): Promise<Finding> {
  try {
    const { changeSignal } = await context.bus("read");
    const opening = changeSignal.listen(null, () => {});
    const listening = await withTimeLimit(timeoutMs, opening);
    if (!listening) {
      const message = `no answer from the file watcher within ${timeoutMs / 1000} s`;
      return finding("wake", "warning", message, "set PARLEY_WAKE=poll");
    }
    const { source } = listening;
    await listening.stop();
    const isPollingChosen = context.io.env["PARLEY_WAKE"] === "poll";
    if (!source.startsWith("poll") || isPollingChosen)
      return finding("wake", isPollingChosen ? "info" : "ok", source);
    const remedy = "messages still come, only later; see the reason in brackets";
    return finding("wake", "warning", source, remedy);
  } catch (error) {
    return failed("wake", error);
  }
}

/** The directories that parley writes to. Without a home there may be none, which other findings report. */
function directoriesOf(context: Context, report: DatabaseReport | null): string[] {
  const database = report && !report.remote ? [report.path] : [];
  try {
    const { data, logs } = context.paths;
    return [...database, data, logs];
  } catch {
    return database;
  }
}

async function preferencesFinding(context: Context): Promise<Finding> {
  const preferences = context.preferences();
  const fault = preferences.fault();
  if (fault !== null) {
    const message = `${fault}, so defaults count`;
    return finding("preferences", "warning", message, "mend that file, or delete it");
  }
  const { off, edits, wake } = preferences.read();
  if (off) return finding("preferences", "warning", "the hooks are switched off", "run parley on");
  const editPolicy = {
    deny: "edits of held files are refused",
    warn: "edits of held files are warned about",
    off: "edits are not looked at",
  };
  const wakePolicy = {
    never: "no message wakes an idle session",
    critical: "messages of priority 3 wake an idle session",
    all: "messages of priority 3, or sent with --wake, wake an idle session",
  };
  return finding("preferences", "info", `${editPolicy[edits]}; ${wakePolicy[wake]}`);
}

async function agentFindings(context: Context, lastSeen: DatabaseReport["last_seen"]) {
  const { home, data } = context.paths;
  const { env, cwd } = context.io;
  const place = findPlace({ scope: "user", env, cwd, home });
  const vendors = await agentSetups();
  const now = context.clock.now();
  return vendorFindings({ vendors, place, dataDirectory: data, lastSeen, now });
}

function failed(check: string, error: unknown): Finding {
  const remedy = error instanceof ParleyError ? (error.hint ?? null) : null;
  return finding(check, "error", (error as Error).message, remedy ?? "see the message");
}
