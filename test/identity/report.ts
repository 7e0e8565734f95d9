/** What a command sees of its caller. */

// What a command sees of its caller: one JSON line, appended to a file.
import { appendFileSync } from "node:fs";
import { agents } from "../../src/agents/agents";
import { createIdentity } from "../../src/identity/identity";

const [, , file = "", request = "{}"] = process.argv;
const identity = createIdentity({
  agents,
  env: process.env,
  dataDirectory: "/nonexistent",
  cwd: process.cwd(),
});
const agent = identity.agent(JSON.parse(request));
appendFileSync(file, `${JSON.stringify({ agent, clues: identity.callerEvidence() })}\n`);
