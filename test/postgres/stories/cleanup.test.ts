import { againOnServer } from "../../server";

await againOnServer("cleanup", () => import("../../cli/stories/cleanup.test"));
