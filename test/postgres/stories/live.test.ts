import { againOnServer } from "../../server";

await againOnServer("live", () => import("../../cli/stories/live.test"));
