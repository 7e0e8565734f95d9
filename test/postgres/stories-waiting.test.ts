/** The binary's stories about waiting, waking, cleaning up and logging, run again with the bus on PostgreSQL. */
import { storiesOnServer } from "../server";

storiesOnServer("cleanup", "live", "safety", "session-log", "waking", "watch");
