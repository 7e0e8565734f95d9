/** The binary's stories about locks, claims and alerts, run again with the bus on PostgreSQL. */
import { storiesOnServer } from "../server";

storiesOnServer("alerts", "claims", "locks");
