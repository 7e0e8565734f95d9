/** As there. */
import { storiesOnServer } from "../../server";

await storiesOnServer("message-text");
