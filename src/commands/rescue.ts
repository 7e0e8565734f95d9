/** `rescue`: frees what dead sessions hold, and finds hung ones. */
import { resolve } from "node:path";

import { findCaller } from "../bus/caller";
import { duration } from "../bus/input";
import { type NewFiles, rescue, type RescuedSession } from "../bus/rescue";
import { defineCommand } from "../cli/command";
import { excluding, usageError } from "./usage-error";

export default defineCommand({
  meta: { name: "rescue", description: "Free what dead sessions hold, and find those that hang" },
  args: {
    session: {
      type: "positional",
      required: false,
      description: "Only these sessions, by id or name; several may follow",
    },
    status: { type: "boolean", description: "Only look: release nothing" },
    force: {
      type: "boolean",
      description: "End hung sessions too; one that waits for its human looks hung",
    },
    resume: { type: "boolean", description: "Show how each conversation can be resumed" },
    export: {
      type: "string",
      valueHint: "DIR",
      description:
        "Write locks, claims and messages of those in trouble, or of those named, to files",
    },
    "hung-after": {
      type: "string",
      valueHint: "10m",
      default: "10m",
      description: "Silence after which a session whose process stands still is hung",
    },
    kill: {
      type: "boolean",
      description: "Kill the processes of those named, or else of the hung ones, after asking",
    },
    yes: { type: "boolean", description: "Kill without asking" },
  },
  variadic: true,
  examples: [
    "rescue",
    "rescue --status --resume",
    "rescue --export rescued --force",
    "rescue codex-41200 --kill --yes",
  ],
  async run({ args, rest, context }) {
    const acting = (["force", "kill"] as const).find((each) => args[each]);
    if (args.status && acting) throw excluding("--status", `--${acting}`, "--status only looks");
    const { canAsk, confirm } = await import("../cli/confirm");
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
      named: args.session === undefined ? [] : [args.session, ...rest],
      statusOnly: args.status === true,
      force: args.force === true,
      hungAfter,
      files: args.export === undefined ? null : await exportTo(resolve(io.cwd, args.export)),
      kill: args.kill === true,
      confirm: async (sessions) => args.yes === true || confirm(io, question(sessions)),
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

const question = (sessions: readonly RescuedSession[]): string =>
  `Kill ${sessions
    .map(
      ({ session_id, pid, state, silent_seconds }) =>
        `${session_id} (PID ${pid}, ${state}, silent for ${silent_seconds} s)`,
    )
    .join(", ")}?`;
