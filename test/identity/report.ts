/** Appends one JSON line to a file: the agent and the evidence that a command finds of its caller. */
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
appendFileSync(file, `${JSON.stringify({ agent, callerEvidence: identity.callerEvidence() })}\n`);
