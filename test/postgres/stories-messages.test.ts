/** The binary's stories about messages, run again with the bus on PostgreSQL. */
import { storiesOnServer } from "../server";

storiesOnServer("delivery", "message-text", "messages");
