/** `register`: registers this session, or updates it. */
import { duration, integer } from "../bus/input";
import { register } from "../bus/registration";
import { withSessionName } from "../bus/registration-target";
import { defineCommand, flag, option } from "../cli/command";

export default defineCommand({
  args: {
    llm: option("VENDOR", "Vendor: claude, codex, gemini, kimi, … (detected)"),
    model: option("MODEL", "Model, such as opus-4.6 (detected)"),
    "task-id": option("TASK", "Current task, such as H.13.2"),
    project: option("PROJECT", "Project id (detected)"),
    "session-id": option("ID", "Another id than VENDOR-PID"),
    "session-uuid": option("UUID", "Conversation id (detected)"),
    pid: option("PID", "Process of the agent (detected)"),
    cwd: option("DIR", "Working directory (the agent's)"),
    name: option("NAME", "A name that others can write to"),
    heartbeat: flag("Promise beats: silence will end the session"),
    verbose: flag("Show how everything was found out"),
  },
  examples: [
    "register",
    "register --llm codex --task-id J.15.6",
    "register --project PILOT --name reviewer",
  ],
  async run({ args, context }) {
    const bus = await context.bus("create");
    const request = await withSessionName(bus, {
      vendor: args.llm,
      model: args.model,
      taskId: args["task-id"],
      project: args.project,
      sessionId: args["session-id"],
      sessionUuid: args["session-uuid"],
      pid: args.pid === undefined ? undefined : integer(args.pid, "--pid", 1, 2 ** 31 - 1),
      cwd: args.cwd,
      name: args.name,
      verbose: args.verbose,
      heartbeatSeconds: args.heartbeat ? duration("30s", "--interval") / 1000 : undefined,
    });
    const data = await register(bus, request);
    const unseen = args.pid !== undefined && data.session.process_state === null;
    const message = `no process ${args.pid} can be seen from here: the session is judged by its heartbeat`;
    const warnings = unseen ? [{ code: "process_not_seen", message }] : [];
    return {
      data,
      view: async (style) => {
        const { registerView, verboseRegisterView } = await import("../render/registration");
        return (args.verbose ? verboseRegisterView : registerView)(data, style);
      },
      warnings,
    };
  },
});
