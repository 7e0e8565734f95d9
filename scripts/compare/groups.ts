/** Every group of commands, in the order in which they are run. */
import { channels } from "./groups/channels";
import { faults } from "./groups/faults";
import { git } from "./groups/git";
import { holding } from "./groups/holding";
import { hooks } from "./groups/hooks";
import { messages } from "./groups/messages";
import { programs } from "./groups/programs";
import { sessions } from "./groups/sessions";
import { setup } from "./groups/setup";
import { tools } from "./groups/tools";
import { upkeep } from "./groups/upkeep";
import { usage } from "./groups/usage";
import { waking } from "./groups/waking";
import type { Group } from "./group";

export type { Group } from "./group";

export const groups: readonly Group[] = [
  ...usage,
  ...sessions,
  ...messages,
  ...channels,
  ...holding,
  ...upkeep,
  ...faults,
  ...programs,
  ...setup,
  ...hooks,
  ...waking,
  ...git,
  ...tools,
];
