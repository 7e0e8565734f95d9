import { againOnServer } from "../../server";

await againOnServer("claims", () => import("../../cli/stories/claims.test"));
