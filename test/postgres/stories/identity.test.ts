import { againOnServer } from "../../server";

await againOnServer("identity", () => import("../../cli/stories/identity.test"));
