import { againOnServer } from "../../server";

await againOnServer("alerts", () => import("../../cli/stories/alerts.test"));
