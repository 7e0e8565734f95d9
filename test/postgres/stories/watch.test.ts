import { againOnServer } from "../../server";

await againOnServer("watch", () => import("../../cli/stories/watch.test"));
