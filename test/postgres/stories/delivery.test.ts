import { againOnServer } from "../../server";

await againOnServer("delivery", () => import("../../cli/stories/delivery.test"));
