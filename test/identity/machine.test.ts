/** The machine's UUID is made once, kept, and derived where it cannot be kept. */
import { expect, test } from "bun:test";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { agents } from "../../src/agents/agents";
import { hostId } from "../../src/identity/machine";
import { createIdentity } from "../../src/identity/identity";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

class TemporaryDirectory {
  readonly path = mkdtempSync(join(tmpdir(), "parley-machine-"));
  [Symbol.dispose]() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const machineOf = (dataDirectory: string) =>
  createIdentity({ agents, env: {}, dataDirectory, cwd: "/" }).machine();

/** A process of its own that prints the machine's UUID. */
const asked = (dataDirectory: string, umask = "022") => {
  const module = join(import.meta.dir, "../../src/identity/machine.ts");
  const code = `import { machineUuid } from ${JSON.stringify(module)}; console.log(machineUuid(${JSON.stringify(dataDirectory)}));`;
  return Bun.spawn(["sh", "-c", `umask ${umask}; exec "$@"`, "sh", process.execPath, "-e", code], {
    stdout: "pipe",
  });
};

test("the UUID is made once and kept", () => {
  using temporary = new TemporaryDirectory();
  const directory = join(temporary.path, "share", "parley");
  const { machine_uuid } = machineOf(directory);
  expect(machine_uuid).toMatch(uuid);
  expect(machineOf(directory)).toEqual({ machine_uuid, hostname: hostname() });
  expect(readFileSync(join(directory, "machine-uuid"), "utf8")).toStartWith(`${machine_uuid}\n`);
});

test("a directory cloned from another machine makes no second machine of the same UUID", () => {
  using temporary = new TemporaryDirectory();
  const original = "d3d3a316-09c6-4f41-8a3f-d93e422d199c";
  writeFileSync(join(temporary.path, "machine-uuid"), `${original}\n${"a".repeat(32)}\n`);
  const { machine_uuid } = machineOf(temporary.path);
  // Without an id of the installation a clone cannot be recognized.
  if (hostId() === null) expect(machine_uuid).toBe(original);
  else expect(machine_uuid).not.toBe(original);
  expect(machine_uuid).toMatch(uuid);
  expect(machineOf(temporary.path).machine_uuid).toBe(machine_uuid);
});

test("32 first runs at once agree, and leave one file", async () => {
  using temporary = new TemporaryDirectory();
  const directory = join(temporary.path, "parley");
  const runs = Array.from({ length: 32 }, () => asked(directory));
  const answers = await Promise.all(runs.map((run) => new Response(run.stdout).text()));
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]!.trim()).toMatch(uuid);
  expect(readdirSync(directory)).toEqual(["machine-uuid"]);
}, 60_000);

test.each(["000", "077", "0177"])(
  "only the owner reads it, whatever the umask: %s",
  async (umask) => {
    using temporary = new TemporaryDirectory();
    const directory = join(temporary.path, "parley");
    expect((await new Response(asked(directory, umask).stdout).text()).trim()).toMatch(uuid);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "machine-uuid")).mode & 0o777).toBe(0o600);
  },
);

test("an existing directory keeps its mode", () => {
  using temporary = new TemporaryDirectory();
  chmodSync(temporary.path, 0o755);
  machineOf(temporary.path);
  expect(statSync(temporary.path).mode & 0o777).toBe(0o755);
});

test("where nothing can be kept, each run derives the same", () => {
  using temporary = new TemporaryDirectory();
  const file = join(temporary.path, "a-file");
  writeFileSync(file, "");
  const { machine_uuid } = machineOf(join(file, "parley"));
  expect(machine_uuid).toMatch(uuid);
  expect(machineOf(join(file, "elsewhere")).machine_uuid).toBe(machine_uuid);
});

test("a damaged file is left alone and does no harm", () => {
  using temporary = new TemporaryDirectory();
  writeFileSync(join(temporary.path, "machine-uuid"), "");
  expect(machineOf(temporary.path).machine_uuid).toBe(machineOf(temporary.path).machine_uuid);
  expect(readdirSync(temporary.path)).toEqual(["machine-uuid"]);
});
