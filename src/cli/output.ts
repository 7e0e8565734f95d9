/** Writes every output: answer, stream item, help, failure. */
import { exitCodes, ParleyError, type Warning } from "../bus/errors";
import { envelope, errorEnvelope, ndjson } from "../render/json";
import type { Style, Vocabulary } from "../render/style";
import { inWordsOf, joinLines } from "../render/text";
import type { Answer, Raw, StreamItem } from "./command";
import type { Io, Written } from "./io";

/** Every byte for stdout passes here, in the format that was asked for. */
export interface Output {
  /** Shows an answer, then runs its `afterFlush`. Returns the exit code. */
  answer(answer: Answer): Promise<number>;
  /** Shows one item of a stream. */
  item(item: StreamItem): Promise<Written>;
  /** Prints an answer in another program's format, then runs its `afterFlush`. Returns the exit code. */
  raw(raw: Raw): Promise<number>;
  /** Shows text without a view: help and version. */
  plain(text: string, data: unknown): Promise<number>;
  /** Shows an error, or any other thrown value. Returns the exit code; never throws. */
  failure(thrown: unknown): Promise<number>;
}

export function openOutput(io: Io, json: boolean, command: Vocabulary): Output {
  /** `closed`: the one line of `--json` was written, or the command failed, so that no further output may follow. */
  let state: "open" | "streaming" | "closed" = "open";
  let style: Style | null = null;

  async function text(answer: Answer): Promise<string> {
    style ??= { color: io.color(), width: io.width(), home: homeOf(io.env), command };
    return joinLines(await answer.view(style));
  }

  async function warn(warnings: readonly Warning[]): Promise<void> {
    for (const { message } of warnings) await io.say("warn", inWordsOf(command, message));
  }

  async function afterFlush(answer: Answer, written: Written): Promise<void> {
    try {
      await (written === "written" ? answer.afterFlush : answer.onDropped)?.();
    } catch (error) {
      // A reservation that could not be given back expires by itself.
      if (written === "written")
        await io.say("warn", `shown, but not marked as shown: ${messageOf(error)}`);
    }
  }

  async function write(line: string, answer: Answer): Promise<Written> {
    try {
      return await io.write(line);
    } catch (error) {
      await afterFlush(answer, "gone");
      throw error;
    }
  }

  async function writeOnce(line: string, answer?: Answer): Promise<Written> {
    if (state === "closed") return "discarded";
    state = "closed";
    return answer ? write(line, answer) : io.write(line);
  }

  return {
    async answer(answer) {
      const warnings = answer.warnings ?? [];
      const line = json ? envelope(answer.data, warnings) : await text(answer);
      const written = await writeOnce(line, answer);
      if (!json) await warn(warnings);
      await afterFlush(answer, written);
      return answer.exitCode ?? 0;
    },

    async item({ line, answer, redraw }) {
      if (state === "closed") return "discarded";
      state = "streaming";
      const out = json ? ndjson(line) : await text(answer);
      const clear = redraw && !json && io.stdoutIsTerminal() ? "\x1b[H\x1b[2J\x1b[3J" : "";
      const written = await write(clear + out, answer);
      await warn(answer.warnings ?? []);
      await afterFlush(answer, written);
      return written;
    },

    async raw({ raw, say = [], exitCode = 0, ...answer }) {
      for (const [index, line] of say.entries())
        await io.say(index > 0 ? "info" : exitCode === 0 ? "warn" : "error", line);
      if (raw === "") return exitCode;
      state = "closed";
      let written: Written = "gone";
      try {
        written = await io.write(raw);
      } finally {
        await (written === "written" ? answer.afterFlush() : answer.onDropped());
      }
      return exitCode;
    },

    async plain(plainText, data) {
      const line = json ? envelope(data) : plainText;
      await writeOnce(line);
      return 0;
    },

    async failure(thrown) {
      const error = asParleyError(thrown, command);
      const previous = state;
      state = "closed";
      if (!(json && previous !== "closed" && (await wroteError(error, previous === "streaming")))) {
        await io.say("error", error.message.replace(/\s*\n\s*/g, " "));
        if (error.hint) await io.say("info", `hint: ${error.hint}`);
      }
      if (io.env.PARLEY_DEBUG === "1") await io.say("info", stackOf(thrown));
      return exitCodes[error.code];
    },
  };

  /** In a stream the error is one more line of the type `error`. False where stdout cannot be written. */
  async function wroteError(error: ParleyError, streaming: boolean): Promise<boolean> {
    try {
      const answer = errorEnvelope(error);
      const line = streaming ? ndjson({ type: "error", ...JSON.parse(answer) }) : answer;
      return (await io.write(line)) !== "gone";
    } catch {
      return false;
    }
  }
}

function asParleyError(thrown: unknown, command: Vocabulary): ParleyError {
  if (!(thrown instanceof ParleyError)) {
    return new ParleyError("internal", `parley hit a bug: ${messageOf(thrown)}`, {
      hint: "run it again with PARLEY_DEBUG=1 to see where",
      cause: thrown,
    });
  }
  const { code, message, hint, details } = thrown;
  return new ParleyError(code, message, {
    ...(hint === undefined ? {} : { hint: inWordsOf(command, hint) }),
    ...(details === undefined ? {} : { details }),
    cause: thrown.cause,
  });
}

const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message || thrown.name : String(thrown);

const stackOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? messageOf(thrown)) : String(thrown);

const homeOf = (env: Io["env"]): string | null => env.HOME || env.USERPROFILE || null;
