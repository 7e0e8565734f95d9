import { againOnServer } from "../../server";

await againOnServer("safety", () => import("../../cli/stories/safety.test"));
