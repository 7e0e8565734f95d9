import { againOnServer } from "../../server";

await againOnServer("session-log", () => import("../../cli/stories/session-log.test"));
