import { againOnServer } from "../../server";

await againOnServer("messages", () => import("../../cli/stories/messages.test"));
