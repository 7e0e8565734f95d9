/** Tests the installer, `install.sh`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { tarGz } from "../scripts/release/archive";
import { targets } from "../scripts/targets";

const script = join(import.meta.dir, "../scripts/install.sh");
const time = new Date("2026-01-02T03:04:05Z");

let root: string;
let release: string;

/** A release whose executables are shell scripts: only installing is tested. */
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "parley-install-")));
  release = join(root, "release");
  mkdirSync(release);
  writeRelease(release, "9.9.9");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function writeRelease(directory: string, version: string, exit = 0): void {
  const program = Buffer.from(`#!/bin/sh\necho ${version}\nexit ${exit}\n`);
  const sums = targets
    .filter(({ suffix }) => suffix === "")
    .map(({ name }) => {
      const entry = { name: `parley-${name}/parley`, data: program, executable: true };
      const archive = tarGz([entry], time);
      writeFileSync(join(directory, `parley-${name}.tar.gz`), archive);
      return `${createHash("sha256").update(archive).digest("hex")}  parley-${name}.tar.gz\n`;
    });
  writeFileSync(join(directory, "SHA256SUMS"), sums.join(""));
}

interface Home {
  home: string;
  /** First on the PATH, for programs that report the machine. */
  bin: string;
  /** The default directory for `parley`. */
  to: string;
}

function newHome(): Home {
  const directory = mkdtempSync(join(root, "home-"));
  const [home, bin] = [join(directory, "user"), join(directory, "bin")];
  mkdirSync(home);
  mkdirSync(bin);
  return { home, bin, to: join(home, ".local/bin") };
}

async function install(
  { home, bin }: Home,
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = Bun.spawn(["sh", script, ...args], {
    cwd: home,
    env: { HOME: home, PATH: `${bin}:/usr/bin:/bin`, ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** Puts programs on the PATH that report another machine. */
function imitateMachine({ bin }: Home, programs: Record<string, string>): void {
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
}

const uname = (system: string, machine: string): string =>
  `case $1 in -s) echo ${system} ;; -m) echo ${machine} ;; esac`;

describe("install.sh", () => {
  test("installs into ~/.local/bin from a directory and says what it did", async () => {
    const home = newHome();
    const run = await install(home, ["--from", release]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(
      new RegExp(`^parley 9\\.9\\.9 \\(\\S+\\) is installed as ${home.to}/parley\\.\\n`),
    );
    expect(run.stdout).toContain(`${home.to} is not on your PATH`);
    expect(readdirSync(home.to)).toEqual(["parley"]);
    expect(Bun.spawnSync([join(home.to, "parley")]).stdout.toString()).toBe("9.9.9\n");
  });

  test("installs where it is told to, and is silent about a PATH that has the directory", async () => {
    const home = newHome();
    const to = join(home.home, "a place/bin");
    const run = await install(home, ["--from", release, "--to", to], {
      PATH: `${home.bin}:/usr/bin:/bin:${to}`,
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).not.toContain("PATH");
    expect(readdirSync(to)).toEqual(["parley"]);
  });

  test("installs from a server", async () => {
    const home = newHome();
    const requested: string[] = [];
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: ({ url }) => {
        const { pathname } = new URL(url);
        requested.push(pathname);
        const path = join(release, pathname.replace("/v9/", ""));
        return existsSync(path) ? new Response(Bun.file(path)) : new Response("", { status: 404 });
      },
    });
    const from = `http://127.0.0.1:${server.port}/v9/`;
    expect(await install(home, ["--from", from])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(requested).toEqual(["/v9/SHA256SUMS", expect.stringMatching(/^\/v9\/parley-.*\.gz$/)]);

    const gone = await install(newHome(), ["--from", `${from}nowhere/`]);
    expect(gone.exitCode).toBe(1);
    expect(gone.stderr).toContain("SHA256SUMS could not be downloaded");
  });

  test.each([
    ["Linux", "x86_64", "ld-linux, libc.so.6 => /lib/libc.so.6", "linux-x64-glibc"],
    ["Linux", "aarch64", "libc.so.6 => /lib/libc.so.6", "linux-arm64-glibc"],
    ["Linux", "x86_64", "/lib/ld-musl-x86_64.so.1 (0x7f)", "linux-x64-musl"],
    ["Linux", "aarch64", "/lib/ld-musl-aarch64.so.1 (0x7f)", "linux-arm64-musl"],
    ["Darwin", "x86_64", "", "darwin-x64"],
    ["Darwin", "arm64", "", "darwin-arm64"],
  ])("takes for %s on %s with %p the archive of %s", async (system, machine, linked, target) => {
    const home = newHome();
    imitateMachine(home, {
      uname: uname(system, machine),
      ldd: `echo '${linked}'`,
      sysctl: "exit 1",
    });
    const { stdout } = await install(home, ["--from", release]);
    expect(stdout).toContain(`(${target})`);
  });

  test("takes the archive of arm64 in a translated shell of macOS", async () => {
    const home = newHome();
    imitateMachine(home, { uname: uname("Darwin", "x86_64"), sysctl: "echo 1" });
    expect((await install(home, ["--from", release])).stdout).toContain("(darwin-arm64)");
  });

  test.each([
    ["FreeBSD", "x86_64", "not FreeBSD"],
    ["Linux", "riscv64", "processor riscv64"],
  ])("says that there is nothing for %s on %s", async (system, machine, expectedError) => {
    const home = newHome();
    imitateMachine(home, { uname: uname(system, machine) });
    const run = await install(home, ["--from", release]);
    expect(run).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining(expectedError),
    });
    expect(existsSync(home.to)).toBe(false);
  });

  test.each([
    [[], "--from is missing"],
    [["--from"], "--from needs a value"],
    [["--from", "x", "y"], "unknown argument: y"],
  ])("explains itself when called with %p", async (args, expectedError) => {
    const run = await install(newHome(), args);
    expect(run).toMatchObject({ exitCode: 64, stdout: "" });
    expect(run.stderr).toContain(expectedError);
    expect(run.stderr).toContain("Usage: sh install.sh");
  });

  test("takes the place of a parley that is running, which goes on", async () => {
    const home = newHome();
    mkdirSync(home.to, { recursive: true });
    const path = join(home.to, "parley");
    // A real executable: the kernel refuses to write to one that runs.
    writeFileSync(path, readFileSync("/bin/cat"));
    chmodSync(path, 0o755);
    const running = Bun.spawn([path], { stdin: "pipe", stdout: "pipe" });
    expect(await install(home, ["--from", release])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("in place of"),
    });
    running.stdin.write("still here");
    await running.stdin.end();
    expect(await running.stdout.text()).toBe("still here");
    expect(readFileSync(path, "utf8")).toContain("9.9.9");
  });

  describe("keeps the old parley, and leaves nothing behind,", () => {
    /** A home with an old parley, and a release of its own to be damaged. */
    function prepared(): { home: Home; from: string; old: string } {
      const home = newHome();
      mkdirSync(home.to, { recursive: true });
      writeFileSync(join(home.to, "parley"), "the old one");
      const from = join(home.home, "release");
      mkdirSync(from);
      writeRelease(from, "10.0.0");
      return { home, from, old: join(home.to, "parley") };
    }
    const archives = (from: string): string[] =>
      readdirSync(from)
        .filter((name) => name.endsWith(".tar.gz"))
        .map((name) => join(from, name));

    test.each<[string, (from: string) => void, string]>([
      [
        "where an archive is not what its checksum says",
        (from) => {
          for (const path of archives(from)) writeFileSync(path, "another");
        },
        "is not what SHA256SUMS says",
      ],
      [
        "where the archive is missing",
        (from) => {
          for (const path of archives(from)) rmSync(path);
        },
        ".tar.gz does not exist",
      ],
      [
        "where no checksum is known",
        (from) => writeFileSync(join(from, "SHA256SUMS"), ""),
        "has no parley-",
      ],
      [
        "where there are no checksums",
        (from) => rmSync(join(from, "SHA256SUMS")),
        "SHA256SUMS does not exist",
      ],
      [
        "where the new one does not run",
        (from) => writeRelease(from, "broken", 1),
        "does not run on this machine (broken)",
      ],
      [
        "where the archive holds something else",
        (from) => {
          const archive = tarGz([{ name: "other", data: Buffer.from("x") }], time);
          const sum = createHash("sha256").update(archive).digest("hex");
          const lines = archives(from).map((path) => {
            writeFileSync(path, archive);
            return `${sum}  ${path.split("/").at(-1)}\n`;
          });
          writeFileSync(join(from, "SHA256SUMS"), lines.join(""));
        },
        "could not be unpacked",
      ],
    ])("%s", async (_, damage, expectedError) => {
      const { home, from, old } = prepared();
      damage(from);
      const run = await install(home, ["--from", from]);
      expect(run).toMatchObject({ exitCode: 1, stdout: "" });
      expect(run.stderr).toContain(expectedError);
      expect(readFileSync(old, "utf8")).toBe("the old one");
      expect(readdirSync(home.to)).toEqual(["parley"]);
    });
  });

  test("says where it cannot make the directory", async () => {
    const home = newHome();
    writeFileSync(join(home.home, ".local"), "a file in the way");
    const run = await install(home, ["--from", release]);
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toContain(`${home.to} cannot be made; choose another directory with --to`);
  });

  // No user can write there, root included.
  test.skipIf(process.platform !== "linux")("says where it cannot write", async () => {
    const run = await install(newHome(), ["--from", release, "--to", "/proc"]);
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toContain("/proc cannot be written to; choose another directory with --to");
  });

  test.skipIf(!Bun.which("shellcheck"))("is approved by shellcheck", () => {
    const { exitCode, stdout } = Bun.spawnSync(["shellcheck", script]);
    expect([exitCode, stdout.toString()]).toEqual([0, ""]);
  });
});
