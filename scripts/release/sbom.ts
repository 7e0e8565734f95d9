/** Writes the bill of materials of a binary: CycloneDX 1.6, as JSON. */
import packageJson from "../../package.json";
import type { Component } from "./components";
import type { Runtime } from "./runtime";

export interface Release {
  /** The full hash; null outside a repository. */
  commit: string | null;
  /** Time of the commit. */
  time: Date;
  target: string;
  /** SHA-256 of the executable, hexadecimal. */
  sha256: string;
}

/** Identical for two builds of one commit. */
export function billOfMaterials(
  release: Release,
  runtime: Runtime,
  components: readonly Component[],
): object {
  const { name, version, license, description } = packageJson;
  const properties = { target: release.target, ...(release.commit && { commit: release.commit }) };
  const self = {
    type: "application",
    "bom-ref": `${name}@${version}`,
    name,
    version,
    description,
    licenses: [{ license: { id: license } }],
    hashes: [{ alg: "SHA-256", content: release.sha256 }],
    properties: Object.entries(properties).map(([key, value]) => ({
      name: `parley:${key}`,
      value,
    })),
  };
  const bun = {
    type: "platform",
    "bom-ref": packageUrl(runtime.package, runtime.version),
    name: "bun",
    version: runtime.version,
    description:
      "The JavaScript runtime. Its own code is MIT; what it links statically, JavaScriptCore (LGPL-2) among it, is listed in THIRD-PARTY-NOTICES.md.",
    licenses: [{ license: { id: "MIT" } }],
    purl: packageUrl(runtime.package, runtime.version),
    hashes: [{ alg: "SHA-256", content: runtime.sha256 }],
  };
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${Bun.randomUUIDv5(release.sha256, "oid")}`,
    version: 1,
    metadata: { timestamp: release.time.toISOString(), component: self },
    components: [bun, ...components.map(library)],
    dependencies: dependencies(self["bom-ref"], bun["bom-ref"], components),
  };
}

function library(component: Component): object {
  const url = packageUrl(component.name, component.version);
  return {
    type: "library",
    "bom-ref": url,
    name: component.name,
    version: component.version,
    licenses: [{ license: { id: component.licence } }],
    purl: url,
    hashes: [hash(component.integrity)],
  };
}

/** https://github.com/package-url/purl-spec, type `npm`. */
const packageUrl = (name: string, version: string): string =>
  `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** `sha512-Base64` of a lock file, the hash of the package's archive, as CycloneDX writes it. */
function hash(integrity: string): { alg: string; content: string } {
  const [algorithm, digest] = integrity.split("-", 2) as [string, string];
  const alg = algorithm.replace(/^sha(\d+)$/, "SHA-$1");
  return { alg, content: Buffer.from(digest, "base64").toString("hex") };
}

/** The dependencies between components in the binary. The watcher's native half is a dependency of its JavaScript half. */
function dependencies(self: string, bun: string, components: readonly Component[]): object[] {
  const references = new Map(
    components.map(({ name, version }) => [name, packageUrl(name, version)]),
  );
  const among = (names: readonly string[]): string[] =>
    names.flatMap((name) => references.get(name) ?? []).toSorted();
  const direct = Object.keys(packageJson.dependencies);
  return [
    { ref: self, dependsOn: [bun, ...among(direct)] },
    { ref: bun, dependsOn: [] },
    ...components.map(({ name, requires }) => ({
      ref: references.get(name)!,
      dependsOn: among(requires),
    })),
  ];
}
