/** The table of views. */
import type { Style } from "./style";

/** What a view may be asked for beyond its data: `verbose` and the like. */
export type ViewOptions = Record<string, boolean | string>;

/** Every view; each is a module of its own, so that a verb loads only what it shows. */
const views = {
  register: () => import("./register"),
  unregister: () => import("./unregister"),
  heartbeat: () => import("./heartbeat"),
  task: () => import("./task"),
  status: () => import("./status"),
  message: () => import("./message"),
  sent: () => import("./sent"),
  inbox: () => import("./inbox"),
  read: () => import("./read"),
  log: () => import("./log"),
  lock: () => import("./locked"),
  unlock: () => import("./unlocked"),
  claim: () => import("./claimed"),
  release: () => import("./released"),
  cleanup: () => import("./cleanup"),
  migrate: () => import("./migrate"),
  schedule: () => import("./schedule"),
  run: () => import("./run"),
  rescue: () => import("./rescue"),
  project: () => import("./project"),
  conflicts: () => import("./conflicts"),
  orient: () => import("./orient"),
  feed: () => import("./feed"),
  watch: () => import("./watch"),
  publish: () => import("./publish"),
  setup: () => import("./setup"),
  doctor: () => import("./doctor"),
  preferences: () => import("./preferences"),
};

export type View = keyof typeof views;
export type ViewData<V extends View> = Parameters<
  Awaited<ReturnType<(typeof views)[V]>>["render"]
>[0];

/** The text of a view, ending in a newline. */
export async function renderView<V extends View>(
  view: V,
  data: ViewData<V>,
  style: Style,
  options: ViewOptions = {},
): Promise<string> {
  const { render } = await views[view]();
  // TypeScript cannot see that the module and its data belong to one V.
  const lines = (render as (data: ViewData<V>, style: Style, options: ViewOptions) => string[])(
    data,
    style,
    options,
  );
  // A view that was asked to be quiet says nothing at all.
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
