/** What a setup reports of each change it made or would make. */
import type { SetupChange, SetupResult } from "../bus/setup";
import { hashOf, type Manifest, type ManifestStore } from "./manifest";
import type { FileChange, LinkChange } from "./plan";
import type { SetupRequest } from "./setup";
import type { VendorSetup } from "./vendor";

/** The file is still as setup has made it, so it needs no backup. */
export const isOwn = (manifest: Manifest, target: string, bytes: Buffer): boolean =>
  manifest.files[target]?.after === hashOf(bytes);

export async function reported(
  { vendor, part, path, target, before, after }: FileChange,
  store: ManifestStore,
  manifest: Manifest,
  dryRun: boolean,
): Promise<SetupChange> {
  const action = before === null ? "create" : after === null ? "remove" : "update";
  const backup =
    dryRun || before === null || isOwn(manifest, target, before)
      ? null
      : store.backupPath(store.backupName(target, before));
  if (!dryRun) return { vendor, part, path, action, backup, diff: null };
  const { createTwoFilesPatch } = await import("diff");
  const [from, to] = [before === null ? "/dev/null" : path, after === null ? "/dev/null" : path];
  const texts = [before, after].map((bytes) => bytes?.toString("utf8") ?? "") as [string, string];
  const diff = createTwoFilesPatch(from, to, ...texts).replace(/^(Index: .*\n)?=+\n/, "");
  return { vendor, part, path, action, backup, diff };
}

export function reportedLink({ path, before, after }: LinkChange, dryRun: boolean): SetupChange {
  const action = before === null ? "create" : after === null ? "remove" : "update";
  const lines = [before && `-${path} -> ${before}\n`, after && `+${path} -> ${after}\n`];
  const diff = dryRun ? lines.filter(Boolean).join("") : null;
  return { vendor: null, part: "link", path, action, backup: null, diff };
}

export function notesOf(
  { action, place }: Pick<SetupRequest, "action" | "place">,
  chosen: readonly VendorSetup[],
  changes: readonly FileChange[],
): SetupResult["notes"] {
  if (action === "remove") return [];
  return chosen
    .filter(({ name }) => changes.some(({ vendor }) => vendor === name))
    .flatMap((vendor) => vendor.notes(place).map((message) => ({ vendor: vendor.name, message })));
}
