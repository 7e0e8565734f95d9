/** The ports and settings that every rule works with. */
import type { AgentKinds, HeartbeatProcess } from "./ports";
import type { Clock } from "./clock";
import type { SharedHosts } from "./shared-hosts";
import type { Identity } from "./identity";
import type { AgentWaker } from "./agent-wake";
import type { Settings } from "./settings";
import type { Store } from "./store";
import type { ChangeSignal } from "./change-signal";

/** The ports and settings that every rule works with. */
export interface Bus {
  store: Store;
  identity: Identity;
  clock: Clock;
  changeSignal: ChangeSignal;
  agentWaker: AgentWaker;
  sharedHosts: SharedHosts;
  agentKinds: AgentKinds;
  settings: Settings;
  /** Only where the bus spans machines. */
  heartbeatProcess?: HeartbeatProcess;
}
