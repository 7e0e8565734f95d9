/** `run`: runs a program as a session that ends with it. */
import { ParleyError } from "../bus/errors";
import { endSession, register } from "../bus/registration";
import type { Session } from "../bus/session";
import { type Answer, type Context, defineCommand, option, usageError } from "../cli/command";
import { runCommand } from "../cli/run-command";

export default defineCommand({
  args: {
    llm: option("VENDOR", "Vendor (by the program's name)"),
    model: option("MODEL", "Model, such as opus-4.6"),
    "task-id": option("TASK", "Current task, such as H.13.2"),
    project: option("PROJECT", "Project id (detected)"),
    name: option("NAME", "A name that others can write to"),
  },
  takesRest: true,
  examples: ["run -- aider --model opus", "run --llm mytool --task-id H.13.2 -- ./agent.sh"],
  async run({ args, rest: command, context }): Promise<Answer> {
    const [program] = command;
    if (program === undefined) {
      const hint = "write it behind --, for example: parley run -- aider";
      throw usageError("run needs the program that it is to run", hint);
    }
    let session: Session | undefined;
    const exit_code = await runCommand(command, context.json, async (pid) => {
      // The program may run for days, so the database is closed meanwhile.
      await using own = context.another();
      const registered = await register(await own.bus("create"), {
        ...{ pid, vendor: args.llm ?? own.identity.vendorOf(program), model: args.model },
        ...{ taskId: args["task-id"], project: args.project, name: args.name },
      });
      session = registered.session;
      return session.session_id;
    });
    if (!session) throw new Error("the program ran without a session");
    await end(context, session, exit_code);
    // The output is the program's own.
    return { data: { session, exit_code }, view: async () => [], exitCode: exit_code };
  },
});

/** Ignores errors of the bus: the next command of any session ends this one anyway, and the exit code matters more. */
async function end(context: Context, { session_id }: Session, code: number): Promise<void> {
  try {
    await endSession(await context.bus("write"), session_id, `exited with ${code}`);
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
  }
}
