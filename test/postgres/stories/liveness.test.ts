import { againOnServer } from "../../server";

await againOnServer("liveness", () => import("../../cli/stories/liveness.test"));
