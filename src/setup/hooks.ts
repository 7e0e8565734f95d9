/** Edits parley's hooks in a JSON file. */
import { asObject } from "../bus/input";
import { JsonText, type Path } from "./json";
import { hookCommand, installable, type Owner, programOfHook } from "./program";
import type { Editor } from "./vendor";

interface HookEvent {
  /** Which tools or kinds it is for; missing for all. */
  matcher?: string;
  /** In the vendor's unit. */
  timeout: number;
}

export type HookEvents = Readonly<Record<string, HookEvent>>;

/** The events of an agent's hooks by their kinds, with 5 s each and 2 s at the end of a session. `matcher`: the tools before which it is called. */
export const hookEvents = (
  kinds: Readonly<Record<string, string>>,
  matcher: string,
  second = 1,
): HookEvents =>
  Object.fromEntries(
    Object.entries(kinds).map(([event, kind]) => [
      event,
      {
        ...(kind === "before-tool" ? { matcher } : {}),
        timeout: (kind === "end" ? 2 : 5) * second,
      },
    ]),
  );

/** One of parley's handlers: `hooks.EVENT[group].hooks[handler]`. */
interface OwnHook {
  event: string;
  group: number;
  handler: number;
  program: string;
  command: string;
  /** The group holds nothing else. */
  alone: boolean;
  matcher: unknown;
}

/**
 * Hooks in the form `{"hooks": {EVENT: [{matcher, hooks: [{type, command, timeout}]}]}}`. A hook of parley's that is there
 * already is corrected in its place, since Codex trusts a hook by its position.
 */
export function hooksEditor(
  file: string,
  vendor: string,
  events: HookEvents,
  owner: Owner,
): Editor {
  const ownIn = (json: JsonText): OwnHook[] => {
    const hooks = object(json.value(["hooks"]));
    return Object.entries(hooks).flatMap(([event, groups]) =>
      list(groups).flatMap((entry, group) => {
        const { hooks: handlers, matcher } = object(entry);
        return list(handlers).flatMap((each, handler): OwnHook[] => {
          const { command } = object(each);
          const program = programOfHook(command, vendor, owner);
          if (program === null) return [];
          const alone = list(handlers).length === 1;
          return [{ event, group, handler, program, command: String(command), alone, matcher }];
        });
      }),
    );
  };

  const drop = (json: JsonText, own: OwnHook, base: JsonText | null): JsonText => {
    const group: Path = ["hooks", own.event, own.group];
    if (!own.alone) return json.remove([...group, "hooks", own.handler]);
    let next = json.remove(group);
    for (const path of [["hooks", own.event], ["hooks"]]) {
      if (next.isEmpty(path) && !base?.isEmpty(path)) next = next.remove(path);
    }
    return next;
  };

  /** The second and further ones of an event, and those of events that parley no longer uses. */
  const surplus = (all: OwnHook[]): OwnHook[] =>
    all.filter(
      (own, index) =>
        !Object.hasOwn(events, own.event) ||
        all.findIndex(({ event }) => event === own.event) !== index,
    );

  return {
    install(text) {
      const command = hookCommand(installable(owner), vendor);
      let json = new JsonText(text ?? "", file);
      json.expect(["hooks"], "object");
      for (const own of surplus(ownIn(json)).toReversed()) json = drop(json, own, null);
      for (const [event, { matcher, timeout }] of Object.entries(events)) {
        json.expect(["hooks", event], "array");
        const own = ownIn(json).find((each) => each.event === event);
        if (!own) {
          const handler = { type: "command", command, timeout };
          const group = { ...(matcher === undefined ? {} : { matcher }), hooks: [handler] };
          json = json.add(["hooks", event], null, group);
          continue;
        }
        const group: Path = ["hooks", event, own.group];
        if (own.command !== command) {
          json = json.replace([...group, "hooks", own.handler, "command"], command);
        }
        if (!own.alone || own.matcher === matcher) continue;
        if (matcher === undefined) json = json.remove([...group, "matcher"]);
        else if (own.matcher === undefined) json = json.add(group, "matcher", matcher);
        else json = json.replace([...group, "matcher"], matcher);
      }
      return text !== null && json.text === new JsonText(text, file).text ? text : json.text;
    },

    remove(text, base) {
      let json = new JsonText(text, file);
      const all = ownIn(json);
      if (all.length === 0) return text;
      const before = base === null ? null : new JsonText(base, file);
      // From the last on, so that positions stay right; a group can lose its handlers one by one.
      for (let own = all.at(-1); own; own = ownIn(json).at(-1)) json = drop(json, own, before);
      return json.text;
    },

    inspect(text) {
      const json = new JsonText(text ?? "", file);
      const own = ownIn(json);
      const isWhole = (event: string): boolean => {
        const first = own.find((each) => each.event === event);
        // A group that holds others' hooks too has the matcher that they need.
        return first !== undefined && (!first.alone || first.matcher === events[event]?.matcher);
      };
      const missing = Object.keys(events).filter((event) => !isWhole(event));
      const state = own.length === 0 ? "absent" : missing.length > 0 ? "partial" : "complete";
      return { state, programs: [...new Set(own.map(({ program }) => program))], missing };
    },
  };
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const object = (value: unknown): Record<string, unknown> => asObject(value) ?? {};
