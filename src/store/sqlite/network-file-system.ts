/** Refusing network file systems. */
import { readFileSync, statfsSync, statSync } from "node:fs";

import { ParleyError } from "../../bus/errors";

/**
 * File systems whose files other machines change too: there SQLite's locks and its shared memory, on which the
 * write-ahead log rests, hold on one machine at best (sqlite.org/wal.html, "all processes using a database must be on the
 * same host computer"). By the type that `statfs` tells; source of the numbers: `linux/magic.h`, statfs(2), and for
 * VirtualBox and Lustre their own headers.
 */
const networkTypes: Record<number, string> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB2",
  0x01021997: "9p",
  0x5346414f: "AFS",
  0x6b414653: "AFS",
  0x73757245: "Coda",
  0x00c36400: "Ceph",
  0x0bd00bd0: "Lustre",
  0x786f4256: "VirtualBox shared folder",
};

/** FUSE's one type stands for local ones (`fuseblk`, `fuse.gocryptfs`) as well: these are told by their names. */
const fuse = 0x65735546;
const networkNames =
  /^(virtiofs|fuse\.(sshfs|glusterfs|ceph.*|rclone|s3fs|goofys|gcsfuse|juicefs|curlftpfs|davfs.*|smbnetfs|vmhgfs-fuse))$/;

/**
 * What the file system is called where it is one of a network; null where it is local or not known. Unknown types pass:
 * a new local file system must not be refused.
 * @param type as `statfs` tells it
 * @param name as `/proc/self/mountinfo` tells it; asked for FUSE only
 */
export function networkFileSystem(type: number, name: () => string | null): string | null {
  // Bun gives 32-bit types with their sign.
  const unsigned = type >>> 0;
  if (unsigned !== fuse) return networkTypes[unsigned] ?? null;
  const found = name();
  return found !== null && networkNames.test(found) ? found : null;
}

/** The file system type of the mount with that device number, from the text of `/proc/self/mountinfo`. */
export function mountType(mountinfo: string, device: number): string | null {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  for (const line of mountinfo.split("\n")) {
    // 36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/root rw
    const [, , numbers] = line.split(" ", 3);
    if (numbers === `${major}:${minor}`) return line.split(" - ")[1]?.split(" ")[0] ?? null;
  }
  return null;
}

/**
 * Refuses a place on a network file system: two machines would damage the database, and each takes the other's processes
 * for its own dead. Linux alone tells; elsewhere nothing is refused.
 */
export function refuseNetworkFileSystem(place: string, path: string): void {
  if (process.platform !== "linux") return;
  const found = networkFileSystem(typeOf(place), () => nameOf(place));
  if (found === null) return;
  throw new ParleyError("not_permitted", `${path} is on a network file system (${found})`, {
    hint: "put it on a local disk with --db or PARLEY_DB; PARLEY_ALLOW_NETWORK_FS=1 takes the risk",
    details: { database: path, file_system: found },
  });
}

/** 0 where it cannot be asked: opening will say why. */
function typeOf(place: string): number {
  try {
    return statfsSync(place).type;
  } catch {
    return 0;
  }
}

function nameOf(place: string): string | null {
  try {
    return mountType(readFileSync("/proc/self/mountinfo", "utf8"), statSync(place).dev);
  } catch {
    return null;
  }
}
