import { againOnServer } from "../../server";

await againOnServer("message-text", () => import("../../cli/stories/message-text.test"));
