/** One process of the race for locks and claims: registers itself, then acquires and releases at random. */
import { randomInt } from "node:crypto";
import { agents } from "../../src/agents/agents";
import { livenessAt } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";
import { createIdentity } from "../../src/identity/identity";
import { openPostgresStore } from "../../src/store/postgres/store";
import { openSqliteStore } from "../../src/store/sqlite/database";

const [path = "", operations = "0", home = ""] = process.argv.slice(2);
const identity = createIdentity({ agents, env: {}, dataDirectory: home, cwd: home });
const options = { mode: "create", settings: defaultSettings } as const;
const machineUuid = (): string => identity.machine().machine_uuid;
const { store } = path.startsWith("postgres:")
  ? await openPostgresStore(path, { ...options, machineUuid })
  : { store: await openSqliteStore(path, options) };
const liveness = () => livenessAt(identity.processes, Date.now(), defaultSettings);
const agent = identity.agent({ pid: process.pid, vendor: "claude" });
const { record } = await store.registerSession(
  {
    ...{
      session_id: null,
      session_uuid: crypto.randomUUID(),
      session_uuid_known: false,
      name: null,
    },
    ...identity.machine(),
    ...{
      llm_vendor: "claude",
      llm_model: null,
      project_id: null,
      task_id: null,
      promised_beats: false,
    },
    ...{ tty: null, cwd: `/${process.pid}`, pid: agent.pid, evidence: agent.evidence },
    ...{ liveness: agent.liveness, shared_host: false },
  },
  liveness(),
);
const { session_id } = record;
const queue = { waiting: null, ticket: null };
for (let n = 0; n < Number(operations); n++) {
  const name = String(randomInt(8));
  const file_path = `/race/${name}`;
  switch (randomInt(4)) {
    case 0:
      await store.acquireLocks(
        {
          ...{ session_id, lock_type: "advisory", ttl: null, force: false, ...queue },
          targets: [{ file_path, repository: null, repository_path: null }],
        },
        liveness(),
      );
      break;
    case 1:
      await store.acquireClaim({ session_id, task_id: name, ttl: null, ...queue }, liveness());
      break;
    case 2:
      await store.releaseLocks(session_id, null, liveness());
      break;
    default:
      await store.releaseClaims(session_id, null, liveness());
  }
}
console.log("done");
// The session is not unregistered: other processes notice the exit and free its locks and claims.
