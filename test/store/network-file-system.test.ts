/** Which file systems are those of a network. */
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { readFileSync, statfsSync } from "node:fs";

import { mountType, networkFileSystem } from "../../src/store/sqlite/network-file-system";

const unnamed = (): null => null;

test.each([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x01021997, "9p"],
  [0x00c36400, "Ceph"],
])("a file system of type %i is one of a network: %s", (type, name) => {
  expect(networkFileSystem(type, unnamed)).toBe(name);
  // As a signed number of 32 bits.
  expect(networkFileSystem(type | 0, unnamed)).toBe(name);
});

test.each([
  ["ext4", 0xef53],
  ["tmpfs", 0x01021994],
  ["btrfs", 0x9123683e],
  ["xfs", 0x58465342],
  ["overlay", 0x794c7630],
  ["zfs", 0x2fc12fc1],
  ["one of tomorrow", 0x12345678],
])("a file system of type %s is not", (_, type) => {
  expect(networkFileSystem(type, unnamed)).toBeNull();
});

test("FUSE is one of a network by its name only", () => {
  const fuse = (name: string | null) => networkFileSystem(0x65735546, () => name);
  expect(["virtiofs", "fuse.sshfs", "fuse.rclone", "fuse.glusterfs"].map(fuse)).toEqual([
    "virtiofs",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.glusterfs",
  ]);
  expect(
    ["fuse", "fuseblk", "fuse.gocryptfs", "fuse.bindfs", "fuse.portal", null].map(fuse),
  ).toEqual(Array(6).fill(null));
});

test("a mount is found by its device number", () => {
  const mountinfo = [
    "22 28 0:21 / /proc rw,nosuid - proc proc rw",
    "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue",
    "77 28 0:300 / /home/you rw - fuse.sshfs you@host: rw,user_id=0",
    "",
  ].join("\n");
  const device = (major: number, minor: number): number =>
    (major << 8) | (minor & 0xff) | ((minor & 0xfff00) << 12);
  expect(mountType(mountinfo, device(98, 0))).toBe("ext3");
  expect(mountType(mountinfo, device(0, 300))).toBe("fuse.sshfs");
  expect(mountType(mountinfo, device(7, 7))).toBeNull();
});

test.skipIf(process.platform !== "linux")("on Linux the system tells both", () => {
  const type = mountType(readFileSync("/proc/self/mountinfo", "utf8"), statSync("/proc").dev);
  expect([type, statfsSync("/proc").type]).toEqual(["proc", 0x9fa0]);
});
