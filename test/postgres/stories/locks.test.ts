/** As there. */
import { storiesOnServer } from "../../server";

await storiesOnServer("locks");
