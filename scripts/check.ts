/** `bun run check [--junit FILE]`: runs every check, the cheapest first. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { installPackages } from "./install";

const { values } = parseArgs({ options: { junit: { type: "string" } } });
const report = values.junit ? ["--reporter=junit", `--reporter-outfile=${values.junit}`] : [];

/** Arguments of Bun: each step is run by the Bun that runs this script. */
const steps: Record<string, string[]> = {
  format: ["fmt", "--check"],
  lint: ["node_modules/oxlint/bin/oxlint", "--deny-warnings"],
  types: ["check", "--no-script"],
  docs: ["scripts/docs.ts", "--check"],
  build: ["scripts/build.ts"],
  tests: ["test", "--parallel", "--timeout=180000", ...report],
};

installPackages();
const failed = Object.entries(steps).filter(([name, command]) => {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, command, {
    cwd: join(import.meta.dir, ".."),
    stdio: ["ignore", "inherit", "inherit"],
  });
  return status !== 0;
});

const names = failed.map(([name]) => name).join(", ");
console.log(names ? `\nfailed: ${names}` : "\nall checks passed");
process.exitCode = names ? 1 : 0;
