/** `rescue`: frees what dead sessions hold, and finds hung ones. */
import { resolve } from "node:path";

import { findCaller } from "../bus/caller";
import { duration } from "../bus/input";
import { type NewFiles, rescue, type RescuedSession } from "../bus/rescue";
import { defineCommand, excluding, flag, option, optional, usageError } from "../cli/command";
import { type Io, isTerminal } from "../cli/io";

export default defineCommand({
  args: {
    session: optional("Only these sessions, by id or name; several may follow"),
    status: flag("Only look: release nothing"),
    force: flag("End hung sessions too; one that waits for its human looks hung"),
    resume: flag("Show how each conversation can be resumed"),
    export: option(
      "DIR",
      "Write locks, claims and messages of those in trouble, or of those named, to files",
    ),
    "hung-after": option(
      "10m",
      "Silence after which a session whose process stands still is hung",
      { default: "10m" },
    ),
    kill: flag("Kill the processes of those named, or else of the hung ones, after asking"),
    yes: flag("Kill without asking"),
  },
  variadic: true,
  examples: [
    "rescue",
    "rescue --status --resume",
    "rescue --export rescued --force",
    "rescue codex-41200 --kill --yes",
  ],
  async run({ args, context }) {
    const acting = (["force", "kill"] as const).find((each) => args[each]);
    if (args.status && acting) throw excluding("--status", `--${acting}`, "--status only looks");
    if (args.kill && !args.yes && !canAsk(context.json)) {
      throw usageError(
        "--kill needs --yes where there is no terminal to ask on",
        "see first what it would kill, with parley rescue --status",
      );
    }
    const { io } = context;
    const hungAfter = duration(args["hung-after"], "--hung-after");
    const bus = await context.bus(args.status ? "read" : "write");
    const { result, warnings } = await rescue(bus, await findCaller(bus, context.asOperator), {
      named: args._,
      statusOnly: args.status === true,
      force: args.force === true,
      hungAfter,
      files: args.export === undefined ? null : await exportTo(resolve(io.cwd, args.export)),
      kill: args.kill === true,
      confirm: async (sessions) => args.yes === true || confirm(io, killQuestion(sessions)),
    });
    const shown = { resume: args.resume === true, statusOnly: args.status === true };
    return {
      data: result,
      view: async (style) => (await import("../render/rescue")).rescueView(result, style, shown),
      warnings,
    };
  },
});

async function exportTo(directory: string): Promise<NewFiles> {
  const { createNewFiles } = await import("../files/export");
  return createNewFiles(directory);
}

const killQuestion = (sessions: readonly RescuedSession[]): string =>
  `Kill ${sessions.map(described).join(", ")}?`;

const described = ({ session_id, pid, state, silent_seconds }: RescuedSession): string =>
  `${session_id} (PID ${pid}, ${state}, silent for ${silent_seconds} s)`;

/** Whether a human can be asked: stdin and stderr are terminals, and the caller did not ask for JSON. */
const canAsk = (json: boolean): boolean => !json && isTerminal(0) && isTerminal(2);

/** Asks on stderr and reads one line from the terminal; anything but yes is no. */
async function confirm(io: Io, question: string): Promise<boolean> {
  await io.say("warn", `${question} [y/N]`);
  return /^y(es)?$/i.test((await firstLine()).trim());
}

/** `io.readStdin` does not serve here, since it waits for the end of the input. */
async function firstLine(): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of Bun.stdin.stream()) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return text;
}
