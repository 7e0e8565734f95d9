/**
 * Writes and checks ad-hoc code signatures of Mach-O executables, which macOS requires: one SHA-256 for every page.
 * Structures and constants are those of `osfmk/kern/cs_blobs.h` and `mach-o/loader.h` of Apple's xnu.
 */
import { createHash } from "node:crypto";

const pageBits = 12;
const page = 1 << pageBits;
const hashSize = 32;
/** Of a CodeDirectory of version 0x20400, which ends with the executable segment. */
const headerSize = 88;
/** Of a SuperBlob that holds one blob. */
const indexSize = 20;

const magic = { image: 0xfeedfacf, superBlob: 0xfade0cc0, codeDirectory: 0xfade0c02 };
const command = { segment: 0x19, codeSignature: 0x1d };
const flags = { adHoc: 0x2, linkerSigned: 0x20000, mainBinary: 1 };

interface Layout {
  /** Offset of the load command that has the place of the signature. */
  signature: number;
  segments: Map<string, number>;
}

/** Offsets of the load commands of a 64-bit little-endian image; null if there is no signature to replace. */
function layout(image: Buffer): Layout | null {
  if (image.readUInt32LE(0) !== magic.image) return null;
  const found: { signature: number | null; segments: Layout["segments"] } = {
    signature: null,
    segments: new Map(),
  };
  let at = 32;
  for (let rest = image.readUInt32LE(16); rest > 0; rest--) {
    const kind = image.readUInt32LE(at);
    if (kind === command.codeSignature) found.signature = at;
    if (kind === command.segment) {
      found.segments.set(image.toString("latin1", at + 8, at + 24).replace(/\0+$/, ""), at);
    }
    at += image.readUInt32LE(at + 4);
  }
  return found.signature === null ? null : { ...found, signature: found.signature };
}

const hashPage = (image: Buffer, index: number, end: number): Buffer =>
  createHash("sha256")
    .update(image.subarray(index * page, Math.min((index + 1) * page, end)))
    .digest();

/**
 * Describes the fault of an image that does not carry a signature over everything before it, with the hash of every page;
 * null for a correct one.
 */
export function signatureFault(image: Buffer): string | null {
  const found = layout(image);
  if (!found) return "it carries no signature";
  const start = image.readUInt32LE(found.signature + 8);
  const size = image.readUInt32LE(found.signature + 12);
  if (start + size !== image.length) return "its signature is not at its end";
  const directory = start + image.readUInt32BE(start + 16);
  if (image.readUInt32BE(directory) !== magic.codeDirectory) return "its signature has no pages";
  const hashes = directory + image.readUInt32BE(directory + 16);
  const pages = image.readUInt32BE(directory + 28);
  const limit = image.readUInt32BE(directory + 32);
  if (limit !== start) return `its signature covers ${limit} of ${start} bytes`;
  let wrong = 0;
  for (let index = 0; index < pages; index++) {
    const at = hashes + index * hashSize;
    if (!hashPage(image, index, limit).equals(image.subarray(at, at + hashSize))) wrong++;
  }
  return wrong === 0 ? null : `${wrong} of ${pages} pages differ from its signature`;
}

/** A copy of the image whose signature is replaced by an ad-hoc one, as a linker makes it. */
export function signAdHoc(original: Buffer, identifier: string): Buffer {
  const found = layout(original);
  const [linkEdit, text] = ["__LINKEDIT", "__TEXT"].map((name) => found?.segments.get(name));
  if (!found || linkEdit === undefined || text === undefined) {
    throw new Error("no Mach-O image with a signature to replace");
  }
  const limit = original.readUInt32LE(found.signature + 8);
  const pages = Math.ceil(limit / page);
  const hashOffset = headerSize + Buffer.byteLength(identifier) + 1;
  const size = indexSize + hashOffset + pages * hashSize;

  const image = Buffer.alloc(limit + size);
  original.copy(image, 0, 0, limit);
  // The field with the signature's size is itself signed.
  image.writeUInt32LE(size, found.signature + 12);
  const fileOffset = image.readBigUInt64LE(linkEdit + 40);
  const fileSize = BigInt(image.length) - fileOffset;
  image.writeBigUInt64LE(fileSize, linkEdit + 48);
  if (image.readBigUInt64LE(linkEdit + 32) < fileSize) {
    image.writeBigUInt64LE(((fileSize + 0x3fffn) / 0x4000n) * 0x4000n, linkEdit + 32);
  }

  const blobIndex = [magic.superBlob, size, 1, 0, indexSize];
  const directory = [
    ...[magic.codeDirectory, size - indexSize, 0x20400, flags.adHoc | flags.linkerSigned],
    ...[hashOffset, headerSize, 0, pages, limit],
    // Size and type (SHA-256) of a hash, platform, page size.
    Buffer.from([hashSize, 2, 0, pageBits]).readUInt32BE(0),
    // Spare, scatter, team, spare, and the limit for images of more than 4 GiB.
    ...[0, 0, 0, 0, 0, 0],
  ];
  let at = limit;
  for (const field of [...blobIndex, ...directory]) at = image.writeUInt32BE(field >>> 0, at);
  for (const offset of [40, 48])
    at = image.writeBigUInt64BE(image.readBigUInt64LE(text + offset), at);
  at = image.writeBigUInt64BE(BigInt(flags.mainBinary), at);
  image.write(identifier, at, "latin1");
  at += Buffer.byteLength(identifier) + 1;
  for (let index = 0; index < pages; index++) at += hashPage(image, index, limit).copy(image, at);
  return image;
}
