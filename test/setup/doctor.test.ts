/** Programs that give no answer or a wrong one when doctor runs them. */
import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";

import { runAgent } from "../../src/setup/run-agent";
import { codexTrust } from "../../src/agents/codex/trust";
import { Home } from "./sandbox";

/** An app-server that answers the third message with what a test says. */
function appServer(home: Home, answer: string): string {
  home.write("codex", `#!/bin/sh\nread -r a; read -r b; read -r c\n${answer}\n`);
  chmodSync(home.at("codex"), 0o755);
  return home.at("codex");
}

const trust = (home: Home, program: string) =>
  codexTrust({
    program,
    place: { scope: "user", env: process.env, cwd: home.path, home: home.path, root: home.path },
    owner: { program: home.program, known: [] },
  });

test("a program that cannot be run, fails or closes its streams gives no answer", async () => {
  using home = new Home();
  const question = { env: process.env, cwd: home.path, milliseconds: 5000, input: "x\n" };
  const first = (output: string, ended: boolean) => (ended && output !== "" ? output : null);
  expect(await runAgent([home.at("missing")], question, first)).toBeNull();
  expect(await runAgent(["/bin/sh", "-c", "exit 3"], question, first)).toBeNull();
  expect(await runAgent(["/bin/sh", "-c", "exec <&- >&-; exit 1"], question, first)).toBeNull();
  expect(await runAgent(["/bin/sh", "-c", "read -r line; echo got $line"], question, first)).toBe(
    "got x\n",
  );
  const endless = ["/bin/sh", "-c", "yes | head -c 5000000; read -r line; read -r line"];
  expect(await runAgent(endless, { ...question, milliseconds: 60_000 }, first)).toBeNull();
});

test("a malformed answer of Codex is a warning", async () => {
  using home = new Home();
  for (const answer of ["", "echo nonsense", `echo '{"id":2}'`, `echo '{"id":2,"result":[]}'`]) {
    expect(await trust(home, appServer(home, answer))).toMatchObject({ status: "warning" });
  }
});

test("entries of Codex's list that are no hooks are ignored", async () => {
  using home = new Home();
  const data = [null, 7, { hooks: [null, 5, { command: 7 }] }, { hooks: "none" }];
  const server = appServer(home, `echo '${JSON.stringify({ id: 2, result: { data } })}'`);
  expect(await trust(home, server)).toMatchObject({ message: "Codex does not load the hooks" });
});

test("a trusted hook that is switched off is an error, a managed one needs no trust", async () => {
  using home = new Home();
  const command = `'${home.program}' hook codex`;
  const answer = (hook: object): string =>
    `echo '${JSON.stringify({ id: 2, result: { data: [{ hooks: [{ command, ...hook }] }] } }).replaceAll("'", String.raw`'\''`)}'`;
  const off = appServer(home, answer({ trustStatus: "trusted", enabled: false }));
  expect(await trust(home, off)).toMatchObject({
    status: "error",
    message: expect.stringContaining("switched off"),
  });
  const managed = appServer(home, answer({ trustStatus: "managed", isManaged: true }));
  expect(await trust(home, managed)).toMatchObject({ status: "ok" });
});
