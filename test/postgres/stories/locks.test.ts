import { againOnServer } from "../../server";

await againOnServer("locks", () => import("../../cli/stories/locks.test"));
