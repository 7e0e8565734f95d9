/** Tests any command line, text, payload and path: no crash, no control character, no undocumented exit code. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as fc from "fast-check";

import { verbs } from "../../src/cli/commands";
import { run } from "../../src/cli/run";
import { memoryIo } from "../memory-io";
import { binary } from "../support";
import { examples, hostileText, problemOf, long } from "./input";

const home = realpathSync(mkdtempSync(join(tmpdir(), "parley-words-")));
const sleeper = Bun.spawn(["sleep", "600"]);
const timeoutMs = long ? 3_600_000 : 120_000;

afterAll(async () => {
  sleeper.kill("SIGKILL");
  await sleeper.exited;
  rmSync(home, { recursive: true, force: true });
});

async function parley(argv: readonly string[], stdin = "") {
  const env = {
    HOME: home,
    PARLEY_DB: join(home, "messaging.db"),
    PARLEY_LOG_DIR: join(home, "logs"),
  };
  const io = Object.assign(memoryIo({ env, stdin }), { cwd: home });
  const exitCode = await run(argv, io);
  return { exitCode, stdout: io.stdout, diagnostics: io.diagnostics.join("\n") };
}

beforeAll(async () => {
  await parley(["register", "--llm", "claude", "--session-id", "one", "--pid", `${sleeper.pid}`]);
});

/** Verbs that act outside of the bus, or do not end by themselves, have tests of their own. */
const outside = new Set(["setup", "doctor", "mcp", "hook", "off", "on"]);
const endless = new Set([
  "watch",
  "follow",
  "wait",
  "cron",
  "every",
  "kill",
  "export",
  "since",
  "vacuum",
]);

const words = fc.oneof(
  hostileText,
  fc.constantFrom(
    "one",
    "operator",
    "0",
    "-1",
    "1",
    "1e9",
    "99999999999999999999",
    "1ms",
    "0s",
    "3650d",
    "null",
    "{}",
  ),
  fc.constantFrom(
    '{"a":1}',
    "[]",
    "H.1",
    "res:x",
    "holder:x",
    "task:H.1",
    "state",
    "-",
    "…",
    "a".repeat(70_000),
  ),
);

/** Words among which the verb's own options are more frequent than by chance. */
const commandLine = fc
  .constantFrom(...Object.keys(verbs.modules).filter((name) => !outside.has(name)))
  .chain((verb) =>
    fc
      .array(
        fc.oneof(
          words.map((word) => [word]),
          fc.tuple(fc.nat(), words).map(([n, word]) => [n, word] as const),
        ),
        {
          maxLength: 5,
        },
      )
      .map((parts) => ({ verb, parts })),
  );

async function argvOf({
  verb,
  parts,
}: {
  verb: string;
  parts: (readonly [number, string] | string[])[];
}) {
  const { default: command } = await verbs.modules[verb]!();
  const options = Object.entries(command.args).filter(
    ([name, { type }]) => type !== "positional" && !endless.has(name),
  );
  const argv = parts.flatMap((part) => {
    const [first, second] = part;
    if (typeof first === "string") return [first];
    const [name, def] = options[(first ?? 0) % Math.max(1, options.length)] ?? [];
    if (name === undefined || def === undefined) return [second ?? ""];
    return def.type === "boolean" ? [`--${name}`] : [`--${name}`, second ?? ""];
  });
  const safe = argv
    // The words after it would be run as a command.
    .filter((word) => verb !== "lock" || word !== "--")
    .filter((word) => !/^--(db|cron|kill|export|watch|follow|wait)/.test(word));
  return [verb, ...(verb === "watch" ? ["--for", "1ms"] : []), ...safe];
}

test(
  "any command line ends well",
  async () => {
    await fc.assert(
      fc.asyncProperty(commandLine, fc.boolean(), fc.boolean(), async (line, json, named) => {
        const argv = [
          ...(json ? ["--json"] : []),
          ...(named ? ["--session", "one"] : []),
          ...(await argvOf(line)),
        ];
        const answer = await parley(argv, line.parts.flat().join("\n"));
        expect([argv, problemOf(answer, json)]).toEqual([argv, "well"]);
      }),
      examples(400),
    );
  },
  timeoutMs,
);

test(
  "any text arrives as it was sent, or is refused",
  async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, fc.boolean(), async (text, byStdin) => {
        const line = [
          "message",
          "operator",
          "--as",
          "operator",
          "--json",
          "--",
          byStdin ? "-" : text,
        ];
        const sent = await parley(line, text);
        expect(problemOf(sent, true)).toBe("well");
        if (sent.exitCode !== 0) expect([text, sent.exitCode]).toEqual([text, 64]);
        else {
          const inbox = await parley(["inbox", "--as", "operator", "--mark-read", "--json"]);
          const [message] = JSON.parse(inbox.stdout).data.messages;
          // A lone surrogate is no text: it becomes the replacement character.
          expect(message.payload.message.toWellFormed()).toBe(text.toWellFormed());
        }
      }),
      examples(60),
    );
  },
  timeoutMs,
);

test(
  "any JSON object is published as it is, and anything else as text",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ stringUnit: "binary" }), async (json) => {
        const line = ["publish", "state", "--as", "operator", "--json", "--ttl", "1h", "--", json];
        const { exitCode, stdout, diagnostics } = await parley(line);
        expect(problemOf({ exitCode, stdout, diagnostics }, true)).toBe("well");
        if (exitCode !== 0) return expect([json, exitCode]).toEqual([json, 64]);
        const { id } = JSON.parse(stdout).data.message;
        const value = JSON.parse(json);
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        const poll = await parley(["poll", "state", "--since", `${id - 1}`, "--json"]);
        const [message] = JSON.parse(poll.stdout).data.messages;
        expect(JSON.stringify(message.payload)).toBe(
          JSON.stringify(isObject ? value : { message: json }),
        );
      }),
      examples(60),
    );
  },
  timeoutMs,
);

test(
  "any path can be locked by its one real name and unlocked again, or is refused",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        hostileText,
        fc.constantFrom("", "/", "res:", "a/../", "/proc/self/fd/"),
        async (text, before) => {
          const path = before + text;
          const locked = await parley(
            ["lock", "--session", "one", "--json", "--", path].filter(
              (w, i) => w !== "--" || i === 4,
            ),
          );
          expect(problemOf(locked, true)).toBe("well");
          if (locked.exitCode !== 0) return expect([path, locked.exitCode]).toEqual([path, 64]);
          const unlocked = await parley(["unlock", "--session", "one", "--json", "--all"]);
          expect(JSON.parse(unlocked.stdout).data.released).toHaveLength(1);
          for (const view of [["status", "--no-log"], ["feed"]])
            expect(problemOf(await parley(view), false)).toBe("well");
        },
      ),
      examples(60),
    );
  },
  timeoutMs,
);

test(
  "bytes that are no text end well in the binary",
  async () => {
    const octal = (bytes: Uint8Array): string =>
      [...bytes].map((byte) => `\\${(byte || 1).toString(8).padStart(3, "0")}`).join("");
    const lines = fc.constantFrom(
      ...[
        "message operator @",
        "publish state @",
        "lock @ --session one",
        "claim @ --session one",
        "task @ --session one",
      ],
      ...[
        "register --name @",
        "inbox --session @",
        "@",
        "status --@",
        "log @",
        "register --project @",
        "--db @ status",
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.uint8Array({ minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (line, bytes, json) => {
          const parts = line
            .split(" ")
            .map((word) => (word.includes("@") ? word.replace("@", '"$x"') : word));
          const script = `x=$(printf '${octal(bytes)}'); exec "$0" ${json ? "--json" : ""} ${parts.join(" ")}`;
          const child = Bun.spawn(["sh", "-c", script, binary], {
            env: { HOME: home, PATH: "/usr/bin:/bin" },
            cwd: home,
            stdin: "ignore",
            stdout: "pipe",
            stderr: "pipe",
          });
          const [stdout, diagnostics] = await Promise.all([
            child.stdout.text(),
            child.stderr.text(),
          ]);
          const shown = json ? stdout : stdout + diagnostics;
          const answer = { exitCode: await child.exited, stdout: shown, diagnostics };
          expect([line, octal(bytes), problemOf(answer, json)]).toEqual([
            line,
            octal(bytes),
            "well",
          ]);
        },
      ),
      examples(60),
    );
  },
  timeoutMs,
);
