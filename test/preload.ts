/** Takes our variables out of the environment. */
import { afterAll, setDefaultTimeout } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What parley reads, and what the agents' clients set for the programs they start. */
const ours = /^(PARLEY_(?!TEST_)|CODITECT|CLAUDE|CODEX|GEMINI|KIMI|OPENCODE|AI_AGENT|XDG_)/;

for (const name of Object.keys(process.env)) if (ours.test(name)) delete process.env[name];

const home = realpathSync(mkdtempSync(join(tmpdir(), "parley-home-")));
process.env["HOME"] = home;
afterAll(() => rmSync(home, { recursive: true, force: true }));

// A story starts many processes, and the machine may be running others.
setDefaultTimeout(30_000);
