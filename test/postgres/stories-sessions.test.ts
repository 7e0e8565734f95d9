/** The binary's stories about sessions and conflicts between them, run again with the bus on PostgreSQL. */
import { storiesOnServer } from "../server";

storiesOnServer("arrival", "conflicts", "identity", "liveness", "rescue");
