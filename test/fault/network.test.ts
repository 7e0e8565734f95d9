/** Tests databases on network file systems. */
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { type Run, sandbox } from "../support";

/** A command that mounts FUSE under this name in a namespace of its own, and runs a line of shell there with `$mount`. */
const mounted = (name: string, line: string): string[] => [
  ...["unshare", "-m", "timeout", "-s", "KILL", "20", "sh", "-c"],
  `mount=$1; exec 3<>/dev/fuse || exit 99
   "$2" "$3" >/dev/null 2>&1 & server=$!
   mount -i -t ${name} -o fd=3,rootmode=40000,user_id=0,group_id=0 ${name} "$mount" || exit 99
   exec 3<&-
   ${line}
   code=$?; umount -l "$mount"; kill -9 $server; exit $code`,
  "sh",
];

async function story(name: string, line: string): Promise<Run> {
  await using s = sandbox();
  const mount = join(s.dir, "mount");
  mkdirSync(mount);
  const desk = await s.startAgent("desk");
  return await desk.run([
    ...mounted(name, line),
    mount,
    process.execPath,
    join(import.meta.dir, "fuse.ts"),
  ]);
}

const canMount =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  (await story("fuse.sshfs", "true")).exitCode === 0;

test.skipIf(!canMount)(
  "a database on sshfs is refused with the reason and the way out (root only)",
  async () => {
    for (const verb of ["register --llm claude", "publish state x --as operator"]) {
      const run = await story("fuse.sshfs", `parley ${verb} --db "$mount/messaging.db" --json`);
      expect([verb, run.exitCode]).toEqual([verb, 8]);
      expect(run.json().error).toMatchObject({
        code: "not_permitted",
        message: expect.stringContaining("is on a network file system (fuse.sshfs)"),
        hint: expect.stringMatching(/--db.*PARLEY_ALLOW_NETWORK_FS=1/),
        details: { file_system: "fuse.sshfs" },
      });
    }
  },
);

test.skipIf(!canMount)(
  "PARLEY_ALLOW_NETWORK_FS=1 allows it, and a local file system of FUSE is allowed anyway (root only)",
  async () => {
    // This file system holds no files: that SQLite fails to open one shows that the check has passed.
    const line = 'parley register --llm claude --db "$mount/messaging.db" --json';
    const runs = [
      await story("fuse.sshfs", `PARLEY_ALLOW_NETWORK_FS=1 ${line}`),
      await story("fuse.gocryptfs", line),
    ];
    for (const run of runs) expect(run.json().error.details.sqlite).toBe("SQLITE_CANTOPEN");
  },
);
