/** Two sessions of any vendors want the same file. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { constantFrom, sample } from "fast-check";

import { isInstalled } from "./drivers/driver";
import { vendors } from "./drivers/vendors";
import { type Body, gate, type Recorded } from "./model/model";
import { Sandbox } from "./sandbox";

const all = vendors.flatMap((one) =>
  vendors.map((other) => ({ a: one, b: other, of: `${one.name} and ${other.name}` })),
);

/** Each pair once, or as many as `--pairs` of `run.ts` asks for, drawn by its seed. */
const count = Number(process.env["PARLEY_TEST_PAIRS"] ?? 0);
const seed = Number(process.env["PARLEY_TEST_SEED"] ?? 0);
const pairs =
  count === 0
    ? all
    : sample(constantFrom(...all), { seed, numRuns: count }).map((pair, index) => ({
        ...pair,
        of: `${index + 1} of seed ${seed}: ${pair.of}`,
      }));

describe.each(pairs)("$of", ({ a, b }) => {
  const story = test.skipIf(![a, b].every(isInstalled));

  story(
    "A holds a file, B is refused and writes to A, A sees it and ends, B proceeds",
    async () => {
      await using sandbox = new Sandbox([...new Set([a, b])]);
      await sandbox.setUp();
      const file = sandbox.file("shared.txt", "alpha\n");
      const [reachA, reachB, leave, proceed] = [gate(), gate(), gate(), gate()];

      sandbox
        .model(a)
        .script("work of A", [
          ...a.edit(file, "alpha", "beta"),
          reachA.before(
            a.showsMessagesAfter === "tool" ? a.shell("echo working") : { text: "A is tired" },
          ),
          leave.before({ text: "A is done" }),
        ]);
      const editsOfA = a.edit(file, "alpha", "beta").length;
      const first = sandbox.start(a, "work of A");
      await sandbox.model(a).asked("work of A", editsOfA + 1);
      expect(readFileSync(file, "utf8")).toBe("beta\n");
      const ids = async (): Promise<string[]> =>
        (await sandbox.ask("status")).sessions.map((each: Body) => each.session_id);
      const [idOfA = ""] = await ids();
      expect(idOfA).toStartWith(`${a.name}-`);

      sandbox
        .model(b)
        .script("work of B", [
          ...b.edit(file, "beta", "gamma"),
          reachB.before(b.mcp("bus_send", { to: idOfA, text: "please let go of it", priority: 2 })),
          proceed.before(b.edit(file, "beta", "gamma")[0]!),
          ...b.edit(file, "beta", "gamma").slice(1),
          { text: "B is done" },
        ]);
      const editsOfB = b.edit(file, "beta", "gamma").length;
      const second = sandbox.start(b, "work of B");
      const refused = await sandbox.model(b).asked("work of B", editsOfB + 1);
      expect(readFileSync(file, "utf8")).toBe("beta\n");
      expect(results(refused).at(-1)).toContain(`held by session ${idOfA}`);
      const idOfB = (await ids()).find((id) => id !== idOfA) ?? "";
      expect(idOfB).toStartWith(`${b.name}-`);
      expect(text(refused)).toContain(`this session is ${idOfB} `);

      reachB.open();
      const sent = await sandbox.model(b).asked("work of B", editsOfB + 2);
      expect(results(sent).at(-1)).toContain(idOfA);
      const messages = async () =>
        (await sandbox.ask("feed")).messages.filter(
          (each: Body) => each.message_type === "directed",
        );
      expect(await messages()).toMatchObject([{ status: "pending" }]);

      reachA.open();
      const seen = await sandbox.model(a).asked("work of A", editsOfA + 2);
      expect(text(seen)).toContain("please let go of it");
      expect(text(seen)).toContain(`from="${idOfB}"`);
      expect(await messages()).toMatchObject([{ status: "delivered" }]);

      leave.open();
      expect(await first.ended).toMatchObject({ exitCode: 0 });
      proceed.open();
      expect(await second.ended).toMatchObject({ exitCode: 0 });
      expect(readFileSync(file, "utf8")).toBe("gamma\n");
    },
  );
});

const text = ({ messages }: Recorded): string => messages.map((each) => each.text).join("\n");
const results = ({ messages }: Recorded): string[] =>
  messages.filter(({ role }) => role === "tool").map((each) => each.text);
