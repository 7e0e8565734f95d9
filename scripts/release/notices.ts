/** Writes the licences of everything in a binary, which are distributed with it. */
import { bunLicence, type Component } from "./components";
import type { Runtime } from "./runtime";

export function notices(
  target: string,
  runtime: Runtime,
  components: readonly Component[],
): string {
  const packages = components.map(
    ({ name, version, licence, licenceText }) =>
      `## ${name} ${version}\n\n${licence}\n\n${fence(licenceText)}\n`,
  );
  const lead = `parley for ${target} contains Bun ${runtime.version} and the packages below. Each is under its own licence.`;
  const bun = `## Bun ${runtime.version}\n\nWhat Bun says of its licence and of what it links:\n\n${demote(bunLicence())}\n`;
  return ["# Third-party notices\n", `${lead}\n`, ...packages, bun].join("\n");
}

const fence = (text: string): string =>
  ["```text", text.replaceAll("\r\n", "\n"), "```"].join("\n");

/** One level deeper, below the headings of this page. */
const demote = (page: string): string => page.replace(/^(?=#+ )/gm, "#");
