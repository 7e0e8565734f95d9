/** Prepares every test file: removes variables of parley and of agents, and sets a home of its own. */
import { afterAll, setDefaultTimeout } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Variables that parley reads, and those that agents set for the programs that they start. */
const pattern = /^(PARLEY_(?!TEST_)|CODITECT|CLAUDE|CODEX|GEMINI|KIMI|OPENCODE|AI_AGENT|XDG_)/;

for (const name of Object.keys(process.env)) if (pattern.test(name)) delete process.env[name];

const home = realpathSync(mkdtempSync(join(tmpdir(), "parley-home-")));
process.env["HOME"] = home;
afterAll(() => rmSync(home, { recursive: true, force: true }));

// A story starts many processes, and other processes may share the machine.
setDefaultTimeout(180_000);
