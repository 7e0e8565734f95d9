/** The binary's stories about sessions and their upkeep, run again with the bus on PostgreSQL. */
import { storiesOnServer } from "../server";

storiesOnServer(
  ...["arrival", "cleanup", "identity", "liveness", "rescue", "safety", "session-log", "waking"],
);
