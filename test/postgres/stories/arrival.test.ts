import { againOnServer } from "../../server";

await againOnServer("arrival", () => import("../../cli/stories/arrival.test"));
