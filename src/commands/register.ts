/** `register`: registers this session, or updates it. */
import { duration, integer } from "../bus/input";
import { register } from "../bus/registration";
import { withSessionName } from "../bus/registration-target";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "register", description: "Register this agent session, or update it" },
  args: {
    llm: {
      type: "string",
      description: "Vendor: claude, codex, gemini, kimi, … (detected)",
      valueHint: "VENDOR",
    },
    model: {
      type: "string",
      description: "Model, such as opus-4.6 (detected)",
      valueHint: "MODEL",
    },
    "task-id": { type: "string", description: "Current task, such as H.13.2", valueHint: "TASK" },
    project: { type: "string", description: "Project id (detected)", valueHint: "PROJECT" },
    "session-id": { type: "string", description: "Another id than VENDOR-PID", valueHint: "ID" },
    "session-uuid": {
      type: "string",
      description: "Conversation id (detected)",
      valueHint: "UUID",
    },
    pid: { type: "string", description: "Process of the agent (detected)", valueHint: "PID" },
    cwd: { type: "string", description: "Working directory (the agent's)", valueHint: "DIR" },
    name: { type: "string", description: "A name that others can write to", valueHint: "NAME" },
    heartbeat: { type: "boolean", description: "Promise beats: silence will end the session" },
    verbose: { type: "boolean", description: "Show how everything was found out" },
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
    const warnings =
      args.pid !== undefined && data.session.process_state === null
        ? [
            {
              code: "process_not_seen",
              message: `no process ${args.pid} can be seen from here: the session is judged by its heartbeat`,
            },
          ]
        : [];
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
