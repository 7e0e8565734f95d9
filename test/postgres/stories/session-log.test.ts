/** As there. */
import { storiesOnServer } from "../../server";

await storiesOnServer("session-log");
