/** Answers into streams that were set non-blocking, as some agents set those of the commands they run. */
import { dlopen, FFIType } from "bun:ffi";
import { expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";

import { startSession } from "../cli/stories/agents";
import { binary, type Sandbox, sandbox } from "../support";

const { O_RDWR, O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
const F_SETFL = 4;
const linux = process.platform === "linux";

const { symbols: c } = linux
  ? dlopen("libc.so.6", {
      socketpair: {
        args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr],
        returns: FFIType.i32,
      },
      grantpt: { args: [FFIType.i32], returns: FFIType.i32 },
      unlockpt: { args: [FFIType.i32], returns: FFIType.i32 },
      fcntl: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
      ptsname: { args: [FFIType.i32], returns: FFIType.cstring },
    })
  : { symbols: null };

/** Both ends of a stream: the command writes to one, the test reads from the other. Both are non-blocking. */
interface Ends {
  command: number;
  reader: number;
}

const streams: Record<string, (s: Sandbox) => Ends> = {
  pipe: (s) => {
    const path = join(s.dir, "pipe");
    Bun.spawnSync(["mkfifo", path]);
    return {
      reader: openSync(path, O_RDONLY | O_NONBLOCK),
      command: openSync(path, O_RDWR | O_NONBLOCK),
    };
  },
  socket: () => {
    const pair = new Int32Array(2);
    // AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK
    expect(c!.socketpair(1, 1 | 0o4000, 0, pair)).toBe(0);
    return { command: pair[0]!, reader: pair[1]! };
  },
  terminal: () => {
    const reader = openSync("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    expect([c!.grantpt(reader), c!.unlockpt(reader)]).toEqual([0, 0]);
    const name = String(c!.ptsname(reader));
    return { reader, command: openSync(name, O_RDWR | O_NOCTTY | O_NONBLOCK) };
  },
};

/** Runs the binary with such a stream as its stdout, whose reader stops for a while. Returns what arrived. */
async function arrived(
  s: Sandbox,
  { command, reader }: Ends,
  args: string[],
  input = "",
): Promise<{ exitCode: number; text: string }> {
  const child = Bun.spawn([binary, ...args], {
    env: { ...s.env },
    cwd: s.dir,
    stdin: Buffer.from(input),
    stdout: command,
    stderr: "inherit",
  });
  // Starting a process makes its streams blocking again. The flag belongs to the stream, not to the process.
  expect(c!.fcntl(command, F_SETFL, O_RDWR | O_NONBLOCK)).toBe(0);
  let isOver = false;
  void child.exited.then(() => (isOver = true));
  const parts: Buffer[] = [];
  const buffer = Buffer.alloc(16 * 1024);
  await Bun.sleep(300);
  for (;;) {
    const wasOver = isOver;
    let count = 0;
    try {
      count = readSync(reader, buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
    if (count > 0) parts.push(Buffer.from(buffer.subarray(0, count)));
    else if (wasOver) break;
    await Bun.sleep(count > 0 ? 1 : 5);
  }
  closeSync(command);
  closeSync(reader);
  return { exitCode: await child.exited, text: Buffer.concat(parts).toString() };
}

/** A bus on which the operator has this many messages of 50,000 characters. */
async function withLongMail(s: Sandbox, count: number): Promise<string[]> {
  const claude = await startSession(s, "claude");
  const written = Array.from({ length: count }, (_, i) => `${i}`.repeat(50_000));
  for (const text of written) await claude.parley("message", "operator", text);
  return written;
}

for (const kind of Object.keys(streams)) {
  test.skipIf(!linux)(
    `an answer of 200 KB goes whole into a non-blocking ${kind} whose reader stops, and then counts as delivered`,
    async () => {
      await using s = sandbox();
      const written = await withLongMail(s, 4);
      const run = await arrived(s, streams[kind]!(s), ["inbox", "--as", "operator", "--json"]);
      expect(run.exitCode).toBe(0);
      const { messages } = JSON.parse(run.text).data;
      expect(messages.map((m: { payload: { message: string } }) => m.payload.message)).toEqual(
        written,
      );
      const again = (await s.parley(["inbox", "--as", "operator", "--json"])).json().data.messages;
      expect(again.map((m: { status: string }) => m.status)).toEqual(
        written.map(() => "delivered"),
      );
    },
  );

  test.skipIf(!linux)(`a stream of messages goes whole into a non-blocking ${kind}`, async () => {
    await using s = sandbox();
    const written = await withLongMail(s, 4);
    const args = ["watch", "--as", "operator", "--since", "0", "--for", "2s", "--json"];
    const run = await arrived(s, streams[kind]!(s), args);
    const lines = run.text
      .trim()
      .split(/\r?\n/)
      .map((line) => JSON.parse(line));
    const shown = lines.flatMap((line) => line.message?.payload?.message ?? []);
    expect(shown.filter((text: string) => text.length === 50_000)).toEqual(written);
  });
}

test.skipIf(!linux)(
  "forty answers of the MCP server go whole into a non-blocking pipe",
  async () => {
    await using s = sandbox();
    const line = (message: object): string => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
    const client = { protocolVersion: "2025-06-18", capabilities: {} };
    const ids = Array.from({ length: 40 }, (_, i) => i + 2);
    const input = [
      line({
        ...{ id: 1, method: "initialize" },
        params: { ...client, clientInfo: { name: "test", version: "1" } },
      }),
      line({ method: "notifications/initialized" }),
      ...ids.map((id) => line({ id, method: "tools/list", params: {} })),
    ].join("");
    const run = await arrived(s, streams["pipe"]!(s), ["mcp"], input);
    const answers = run.text
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each));
    expect(answers.map(({ id }) => id)).toEqual([1, ...ids]);
    expect(Buffer.byteLength(run.text)).toBeGreaterThan(200_000);
  },
);
