/** As there. */
import { storiesOnServer } from "../../server";

await storiesOnServer("delivery");
