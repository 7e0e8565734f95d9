/** Asks a yes-or-no question at the terminal. */
import { type Io, isTerminal } from "./io";

/** Whether a human can be asked: stdin and stderr are terminals, and the caller did not ask for JSON. */
export const canAsk = (json: boolean): boolean => !json && isTerminal(0) && isTerminal(2);

/** Asks on stderr and reads one line from the terminal; anything but yes is no. */
export async function confirm(io: Io, question: string): Promise<boolean> {
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
