import { againOnServer } from "../../server";

await againOnServer("rescue", () => import("../../cli/stories/rescue.test"));
