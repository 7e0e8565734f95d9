/** Tests watchers that are killed and go on from their cursor. */
import { expect, test } from "bun:test";

import { binary, sandbox } from "../support";

const publishers = 4;
const messagesEach = 100;
const watchers = 3;

interface Line {
  message: { id: number; payload: { from: number; n: number } };
}

/**
 * A reader that keeps its cursor, so as to miss nothing: it takes some lines from a watch, kills it by SIGKILL, and starts
 * the next after the last line that it has read, until it has read all messages.
 */
async function readAll(home: string, expected: number): Promise<Line["message"][]> {
  const read: Line["message"][] = [];
  for (let attempt = 1; read.length < expected; attempt++) {
    const watch = Bun.spawn(
      [binary, "watch", "load", "--json", "--since", `${read.at(-1)?.id ?? 0}`],
      { env: { HOME: home, PATH: "/usr/bin:/bin" }, stdin: "ignore", stdout: "pipe" },
    );
    // Each watch is read to a different length; lines that a killed watch wrote beyond it were never read.
    let left = 1 + ((attempt * 37) % 53);
    let rest = "";
    for await (const text of watch.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (left-- > 0) read.push((JSON.parse(line) as Line).message);
      if (left <= 0 || read.length >= expected) break;
    }
    watch.kill("SIGKILL");
    await watch.exited;
  }
  return read;
}

test("watchers that are killed and go on from their cursor see every message once, in one order", async () => {
  await using s = sandbox();
  await s.parley(["publish", "other", "the bus exists", "--as", "operator"]);
  const publishing = Array.from({ length: publishers }, async (_, from) => {
    for (let n = 0; n < messagesEach; n++) {
      const run = await s.parley([
        "publish",
        "load",
        JSON.stringify({ from, n }),
        "--as",
        "operator",
      ]);
      if (run.exitCode !== 0) throw new Error(run.stderr);
    }
  });
  const reading = Array.from({ length: watchers }, () =>
    readAll(s.home, publishers * messagesEach),
  );
  await Promise.all(publishing);
  const all = await Promise.all(reading);
  for (const read of all) {
    expect(read.map(({ id }) => id)).toEqual(
      [...new Set(read.map(({ id }) => id))].toSorted((a, b) => a - b),
    );
    expect(read.length).toBe(publishers * messagesEach);
    for (let from = 0; from < publishers; from++) {
      const numbers = read
        .filter(({ payload }) => payload.from === from)
        .map(({ payload }) => payload.n);
      expect(numbers).toEqual(Array.from({ length: messagesEach }, (_, n) => n));
    }
  }
  expect(all[1]).toEqual(all[0]!);
  expect(all[2]).toEqual(all[0]!);
});
