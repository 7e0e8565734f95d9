import type { Clock } from "./clock";
import type { Hosts } from "./hosts";
import type { Identity } from "./identity";
import type { Keeper } from "./keeper";
import type { Reach } from "./reach";
import type { Settings } from "./settings";
import type { Store } from "./store";
import type { Wake } from "./wake";

/** The ports and settings that every rule works with. */
export interface Bus {
  store: Store;
  identity: Identity;
  clock: Clock;
  wake: Wake;
  reach: Reach;
  hosts: Hosts;
  settings: Settings;
  /** Only where the bus spans machines. */
  keeper?: Keeper;
}
