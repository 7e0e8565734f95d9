/** Streams, pipes, signals. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { calledBy } from "../../src/cli/io";

const place = mkdtempSync(join(tmpdir(), "parley-io-"));
const program = join(place, "program");
const marks = join(place, "marks");
const env = { PATH: "/usr/bin:/bin", MARKS: marks };

beforeAll(async () => {
  await Bun.build({
    entrypoints: [join(import.meta.dir, "program.ts")],
    format: "esm",
    minify: true,
    bytecode: true,
    compile: { outfile: program, autoloadDotenv: false, autoloadBunfig: false },
  });
});
afterAll(() => rmSync(place, { recursive: true, force: true }));
beforeEach(() => rmSync(marks, { force: true }));

const marked = () => (existsSync(marks) ? readFileSync(marks, "utf8").trim().split("\n") : []);

/** Runs a shell line in which `$P` is the program, and its exit code is in `$rc` at the end. */
async function shell(line: string, more: Record<string, string> = {}) {
  const child = Bun.spawn(["/bin/bash", "-c", line], {
    env: { ...env, P: program, ...more },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

describe("an answer into a pipe", () => {
  test("arrives whole, however slow the reader", async () => {
    const { stdout, stderr } = await shell('"$P" big 3000000 | (sleep 0.5; wc -c)');
    expect(stdout.trim()).toBe("3000001");
    expect(stderr).toBe("");
    expect(marked()).toEqual(["flushed"]);
  });

  test("whose reader leaves is no failure, writes no diagnostic and marks nothing", async () => {
    const line = '"$P" big 3000000 | head -c 1; echo " ${PIPESTATUS[0]}"';
    expect(await shell(line)).toEqual({ stdout: "x 0\n", stderr: "", exitCode: 0 });
    expect(marked()).toEqual([]);
  });

  test("that does not block is filled no faster than it is read", async () => {
    const script = `
import os, subprocess, time
r, w = os.pipe()
os.set_blocking(w, False)
p = subprocess.Popen([os.environ["P"], "big", "1000000"], stdout=w)
os.close(w)
time.sleep(0.3)
n = 0
while chunk := os.read(r, 65536): n += len(chunk)
print(n, p.wait())`;
    if (!Bun.which("python3")) return;
    const { stdout } = await shell('python3 -c "$SCRIPT"', { SCRIPT: script });
    expect(stdout.trim()).toBe("1000001 0");
  });
});

describe("an answer without a reader", () => {
  test("is no failure on a closed stdout or the null device, and marks nothing", async () => {
    for (const target of [">&-", ">/dev/null", "1</dev/null"]) {
      const { stderr, exitCode } = await shell(`"$P" big 10 ${target}`);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(marked()).toEqual([]);
    }
  });

  test("because the disk is full is not_permitted, with and without --json", async () => {
    for (const flag of ["", "--json"]) {
      const { stderr, exitCode } = await shell(`"$P" big 10 ${flag} >/dev/full`);
      expect(exitCode).toBe(8);
      expect(stderr).toStartWith("parley: cannot write the answer: ENOSPC");
      expect(marked()).toEqual([]);
    }
  });
});

test("an answer into a file stands where the file was, whole", async () => {
  const file = join(place, "file");
  await shell(`(echo before; "$P" big 100000; echo after) > "${file}"; "$P" big 3 >> "${file}"`);
  expect(readFileSync(file, "utf8")).toBe(`before\n${"x".repeat(100_000)}\nafter\nxxx\n`);
});

describe("a stream", () => {
  test("ends with exit 0 on SIGTERM and SIGINT, its cleaning up awaited", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      rmSync(marks, { force: true });
      const child = Bun.spawn([program, "beat", "--json"], { env, stdout: "pipe", stderr: "pipe" });
      const reader = child.stdout.getReader();
      await reader.read();
      child.kill(signal);
      expect(await child.exited).toBe(0);
      expect(marked().at(-1)).toBe("cleaned");
    }
  });

  test("ends quietly when its reader leaves", async () => {
    const line = '"$P" beat --json | head -n 1; echo "${PIPESTATUS[0]}"';
    expect(await shell(line)).toMatchObject({ stdout: '{"type":"beat"}\n0\n', stderr: "" });
    expect(marked().at(-1)).toBe("cleaned");
  });

  test("goes on into the null device", async () => {
    rmSync(marks, { force: true });
    const child = Bun.spawn([program, "beat"], { env, stdout: "ignore" });
    while (!marked().includes("started")) await Bun.sleep(10);
    await Bun.sleep(100);
    expect(child.exitCode).toBeNull();
    child.kill();
    expect(await child.exited).toBe(0);
  });
});

describe("stdin", () => {
  const echo = async (input: string | Uint8Array) => {
    const child = Bun.spawn([program, "echo", "--json"], {
      env,
      stdin: Buffer.from(input),
      stdout: "pipe",
    });
    return JSON.parse(await child.stdout.text());
  };

  test("is read unchanged, whatever the text", async () => {
    for (const text of [
      "",
      "a\n",
      "\ufeffb\r\n",
      "-x --json",
      "日本語 🙂\n\n",
      "z".repeat(200_000),
    ]) {
      expect((await echo(text)).data.entry).toBe(text);
    }
  });

  test("that is no text, too large or a directory is invalid", async () => {
    expect((await echo(Uint8Array.of(0x61, 0xff))).error.message).toContain("not text in UTF-8");
    expect((await echo("z".repeat(1_100_000))).error.message).toContain("larger than");
    const { stderr, exitCode } = await shell('"$P" echo < /tmp');
    expect(exitCode).toBe(64);
    expect(stderr).toContain("cannot read standard input");
  });

  test("that is closed is empty", async () => {
    expect((await shell('"$P" echo --json <&-')).stdout).toContain('"entry":""');
  });
});

describe("a diagnostic", () => {
  test("is one plain line without control characters", async () => {
    expect((await shell('"$P" warn')).stderr).toBe("parley: warning: odd name␇\n");
  });

  test("is coloured on demand", async () => {
    const { stderr } = await shell('"$P" nothing', { FORCE_COLOR: "1" });
    expect(stderr).toStartWith('\x1b[31mparley:\x1b[39m unknown verb "nothing"');
  });

  test("on a closed stderr changes nothing", async () => {
    for (const target of ["2>&-", "2>/dev/full", "2> >(exit 0)"]) {
      expect((await shell(`"$P" nothing ${target}`)).exitCode).toBe(64);
      expect((await shell(`sleep 0.05; "$P" warn ${target}`)).exitCode).toBe(0);
    }
  });

  test("of an error that nothing caught shows no source code, in JSON as well", async () => {
    for (const verb of ["throw", "reject"]) {
      const plain = await shell(`"$P" ${verb}`);
      expect(plain.exitCode).toBe(1);
      expect(plain.stderr.split("\n")).toHaveLength(3);
      expect(plain.stderr).toStartWith("parley: parley hit a bug: ");
      const json = await shell(`"$P" ${verb} --json`);
      expect(JSON.parse(json.stdout).error.code).toBe("internal");
      expect({ stderr: json.stderr, exitCode: json.exitCode }).toEqual({ stderr: "", exitCode: 1 });
    }
  });
});

describe("the surroundings", () => {
  const inspect = async (line: string, more: Record<string, string> = {}) =>
    JSON.parse((await shell(line, more)).stdout.replaceAll("\r", ""));

  test("are those of a pipe: no terminal, no colour, 80 columns", async () => {
    expect(await inspect('"$P" look | cat')).toEqual({
      name: "program",
      terminal: false,
      color: false,
      width: 80,
    });
  });

  // util-linux's script(1) makes a terminal.
  test.if(process.platform === "linux" && Bun.which("script") !== null)(
    "are those of the terminal",
    async () => {
      const inTerminal = (more: Record<string, string> = {}) =>
        inspect('script -qec "stty cols 97; $P look" /dev/null', { TERM: "xterm", ...more });
      expect(await inTerminal()).toMatchObject({ terminal: true, color: true, width: 97 });
      expect(await inTerminal({ NO_COLOR: "yes" })).toMatchObject({ color: false });
      expect(await inTerminal({ NO_COLOR: "" })).toMatchObject({ color: true });
      expect(await inTerminal({ TERM: "dumb" })).toMatchObject({ terminal: true, color: false });
    },
  );

  test("have colours in a pipe on demand, unless NO_COLOR forbids", async () => {
    expect(await inspect('"$P" look', { FORCE_COLOR: "1" })).toMatchObject({ color: true });
    expect(await inspect('"$P" look', { FORCE_COLOR: "0" })).toMatchObject({ color: false });
    expect(await inspect('"$P" look', { FORCE_COLOR: "1", NO_COLOR: "1" })).toMatchObject({
      color: false,
    });
  });

  test("tell the name that the program was called by", async () => {
    symlinkSync(program, join(place, "session-look"));
    expect((await inspect(`"${place}/session-look" look`)).name).toBe("session-look");
    expect((await inspect(`cd "${place}" && PATH=".:$PATH" session-look look`)).name).toBe(
      "session-look",
    );
    expect(calledBy("C:\\bin\\session-status.exe")).toBe("session-status");
  });
});
