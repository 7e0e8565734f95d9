/** Tests releases: executables of every target, archives, bills of materials. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { unzipSync } from "fflate";
import { parseTar } from "nanotar";

import packageJson from "../package.json";
import { signAdHoc, signatureFault } from "../scripts/codesign";
import { tarGz, zip } from "../scripts/release/archive";
import { describe as describeBinary, expected, faults } from "../scripts/release/binary";
import { packageDirectory, watcherOf } from "../scripts/release/components";
import { runtimePath } from "../scripts/release/runtime";
import { hostTarget, type Target, targets } from "../scripts/targets";

const root = join(import.meta.dir, "..");
const host = hostTarget();
const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
/** Builds use the packages and runtimes that the user already has. */
const environment = { ...process.env, HOME: userInfo().homedir };

let directory: string;
beforeAll(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "parley-release-")));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function script(cwd: string, name: string, ...args: string[]): Promise<void> {
  const child = Bun.spawn([process.execPath, join(root, "scripts", name), ...args], {
    cwd,
    env: environment,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [stderr, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(stderr);
}

/** Builds a target into a directory of its own, with the script called from `cwd`. */
async function build({ name, suffix }: Target, cwd = root): Promise<Buffer> {
  const out = mkdtempSync(join(directory, "build-"));
  await script(cwd, "build.ts", "--target", name, "--out", out);
  return readFileSync(join(out, name, `parley${suffix}`));
}

/** Whether a target can be built without downloading anything. */
function isAvailable(target: Target): boolean {
  try {
    return runtimePath(target, environment) !== null && watcherOf(target).length > 0;
  } catch {
    return false;
  }
}

const others = targets.filter(({ name }) => name !== host.name);

describe("an executable", () => {
  test.each(targets)("has an expected form for $name", (target) => {
    const form = expected(target);
    expect(form.interpreter !== null).toBe(target.name.startsWith("linux-"));
    expect(target.name).toContain(form.machine);
  });

  test("is described by its headers alone", () => {
    expect(describeBinary(readFileSync(process.execPath))).toEqual(expected(host));
    expect(describeBinary(Buffer.from("#!/bin/sh\n"))).toBeNull();
    expect(describeBinary(Buffer.alloc(4096))).toBeNull();
  });

  test("of the host is the same, byte for byte, when built again", async () => {
    const [one, two] = [await build(host), await build(host, directory)];
    expect(sha256(one)).toBe(sha256(two));
    expect(faults(one, watcherOf(host), host)).toEqual([]);
    // A wrong executable is noticed.
    const other = others.find(({ name }) => !name.startsWith(host.name.split("-")[0]!))!;
    expect(faults(one, watcherOf(host), other).length).toBeGreaterThan(0);
    expect(faults(readFileSync(process.execPath), watcherOf(host), host)).toEqual([
      "its watcher is not in it",
    ]);
  });

  const all = process.env["PARLEY_TEST_TARGETS"] === "all";
  for (const target of others) {
    test.skipIf(!all && !isAvailable(target))(
      `of ${target.name} has its format, loader, watcher and signature`,
      async () => {
        const executable = await build(target);
        expect(faults(executable, watcherOf(target), target)).toEqual([]);
        if (all) expect(sha256(await build(target))).toBe(sha256(executable));
        if (target.name !== "darwin-arm64") return;
        // Our signature is the same as the one that Bun makes for this target, and a changed byte is noticed.
        expect(signAdHoc(executable, "a.out").equals(executable)).toBe(true);
        executable[executable.length >> 1]! ^= 1;
        expect(signatureFault(executable)).toMatch(/^1 of \d+ pages differ/);
      },
      120_000,
    );
  }
});

describe("an archive", () => {
  const time = new Date("2026-01-02T03:04:06Z");
  const entries = [
    { name: "parley/parley", data: Buffer.from("x".repeat(5000)), executable: true },
    // Fills the last record of ten blocks, where there is no room for the end of the archive.
    { name: "parley/LICENSE", data: Buffer.alloc(7 * 512, "y") },
  ];

  test("as tar.gz is the same each time and can be unpacked by tar", async () => {
    const archive = tarGz(entries, time);
    expect(sha256(tarGz(entries, time))).toBe(sha256(archive));
    // No time, and no system, in gzip's header.
    expect([...archive.slice(4, 8), archive[9]]).toEqual([0, 0, 0, 0, 255]);
    const path = join(directory, "archive.tar.gz");
    await Bun.write(path, archive);
    const list = Bun.spawnSync(["tar", "-tvzf", path, "--numeric-owner"], {
      env: { TZ: "UTC", LC_ALL: "C", PATH: process.env["PATH"] },
    });
    expect(list.stderr.toString()).toBe("");
    expect(list.stdout.toString().replace(/ +/g, " ")).toBe(
      "-rwxr-xr-x 0/0 5000 2026-01-02 03:04 parley/parley\n" +
        "-rw-r--r-- 0/0 3584 2026-01-02 03:04 parley/LICENSE\n",
    );
  });

  test("as zip is the same in every time zone", async () => {
    const program = `
      import { zip } from ${JSON.stringify(join(root, "scripts/release/archive.ts"))};
      const entry = { name: "parley/parley.exe", data: Buffer.from("x"), executable: true };
      await Bun.write(Bun.stdout, zip([entry], new Date("${time.toISOString()}")));`;
    const archives = ["UTC", "Asia/Tokyo", "America/St_Johns"].map((zone) => {
      const env = { ...process.env, TZ: zone };
      return Bun.spawnSync([process.execPath, "-e", program], { env }).stdout;
    });
    expect(new Set(archives.map(sha256)).size).toBe(1);
    const entry = { name: "parley/parley.exe", data: Buffer.from("x"), executable: true };
    expect(sha256(zip([entry], time))).toBe(sha256(archives[0]!));
    expect(unzipSync(archives[0]!)).toEqual({ "parley/parley.exe": new Uint8Array([120]) });
  });
});

test("a package is found by the path of a file in it", () => {
  expect(
    [
      "src/main.ts",
      "node_modules/citty/dist/index.mjs",
      "node_modules/@parcel/watcher/wrapper.js",
      "node_modules/a/node_modules/@b/c/d/e.js",
    ].map(packageDirectory),
  ).toEqual([
    null,
    "node_modules/citty",
    "node_modules/@parcel/watcher",
    "node_modules/a/node_modules/@b/c",
  ]);
});

describe("a release of the host's target", () => {
  const name = `parley-${host.name}`;
  let out: string;
  let inside: { name: string; data?: Uint8Array }[];
  const text = (file: string): string =>
    Buffer.from(inside.find((each) => each.name === `${name}/${file}`)!.data!).toString();
  // oxlint-disable-next-line typescript/no-explicit-any -- of a published schema
  let bill: any;

  beforeAll(async () => {
    out = join(directory, "release");
    await script(
      directory,
      "release.ts",
      "--target",
      host.name,
      "--out",
      "release",
      "--allow-dirty",
    );
    inside = parseTar(gunzipSync(readFileSync(join(out, `${name}.tar.gz`))));
    bill = JSON.parse(readFileSync(join(out, `${name}.cdx.json`), "utf8"));
  }, 120_000);

  test("holds an archive, its bill of materials, the installer, and their checksums", () => {
    const files = [`${name}.cdx.json`, `${name}.tar.gz`, "install.sh"].toSorted();
    expect(readdirSync(out).toSorted()).toEqual(["SHA256SUMS", ...files].toSorted());
    expect(readFileSync(join(out, "SHA256SUMS"), "utf8")).toBe(
      files.map((file) => `${sha256(readFileSync(join(out, file)))}  ${file}\n`).join(""),
    );
    expect(inside.map((entry) => entry.name)).toEqual(
      ["parley", "LICENSE", "THIRD-PARTY-NOTICES.md"].map((file) => `${name}/${file}`),
    );
  });

  test("is installed by its own installer, and runs", () => {
    const to = join(directory, "installed");
    const env = { PATH: "/usr/bin:/bin", HOME: directory };
    const command = ["sh", "install.sh", "--from", ".", "--to", to];
    const run = Bun.spawnSync(command, { cwd: out, env });
    expect([run.exitCode, run.stderr.toString()]).toEqual([0, ""]);
    const version = Bun.spawnSync([join(to, "parley"), "--version", "--json"], { env });
    expect(JSON.parse(version.stdout.toString()).data).toMatchObject({
      version: packageJson.version,
      target: host.name,
    });
  });

  test("names in its bill of materials what is in the executable, with version, licence and hash", () => {
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 });
    const executable = inside[0]!.data!;
    expect(bill.metadata.component.hashes).toEqual([
      { alg: "SHA-256", content: sha256(executable) },
    ]);
    type Entry = { name: string; version: string; purl: string; licenses: object[] };
    const components: Entry[] = bill.components;
    const names = components.map((component) => component.name);
    // Bun itself, the dependencies that the program loads, and the watcher's native half.
    expect(names[0]).toBe("bun");
    const dependencies = Object.keys(packageJson.dependencies);
    expect(names).toEqual(expect.arrayContaining([...dependencies, host.binding]));
    // Neither tools nor other targets' halves.
    const absent = [...Object.keys(packageJson.devDependencies), ...others.map((t) => t.binding)];
    expect(names.filter((each) => absent.includes(each))).toEqual([]);
    for (const component of components) {
      // A copy: matchers replace the values that they match.
      expect(structuredClone(component)).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        purl: expect.stringMatching(/^pkg:npm\/(%40[^/@]+\/)?[^/@]+@\d/),
        licenses: [{ license: { id: expect.stringMatching(/\w/) } }],
        hashes: [
          {
            alg: expect.stringMatching(/^SHA-/),
            content: expect.stringMatching(/^[0-9a-f]{64,128}$/),
          },
        ],
      });
    }
    const references = components.map(({ purl }) => purl);
    expect(bill.dependencies.map(({ ref }: { ref: string }) => ref).slice(1)).toEqual(references);
  });

  test("hands on the licences of what is in the executable", () => {
    const notices = text("THIRD-PARTY-NOTICES.md");
    for (const { name: component, version } of bill.components) {
      const title = component === "bun" ? `Bun ${version}` : `${component} ${version}`;
      expect(notices).toContain(`\n## ${title}\n`);
    }
    expect(notices).toContain("JavaScriptCore");
    expect(notices.match(/Permission is hereby granted/g)!.length).toBeGreaterThan(5);
    expect(text("LICENSE")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
  });
});
