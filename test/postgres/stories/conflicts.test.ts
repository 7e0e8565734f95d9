import { againOnServer } from "../../server";

await againOnServer("conflicts", () => import("../../cli/stories/conflicts.test"));
