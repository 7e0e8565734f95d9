/**
 * Placeholders for what differs between any two runs. The same value has the same placeholder within a side, numbered by
 * when it was first seen, so that ids which were mixed up still show.
 */
import { escapeRegExp } from "./text";

const iso = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00(?::?00)?)?/g;
const wholeIso = new RegExp(`^${iso.source}$`);
const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** Written by whichever command comes more than a second after the last: its order among other times is chance. */
const drifting = /heartbeat|kept_at|last_worked|hooked_at|purge_at|^until$|exported_at/;
const pids = /(?:^|_)pid$/;
/** Numbers that measure this run. */
const measured =
  /^(?:uptime_seconds|silent_seconds|wal_bytes|bytes_before|duration_ms|start_ticks|waited_ms)$/;

type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };

export class Normaliser {
  readonly #literals: [find: RegExp, by: string][] = [];
  readonly #seen = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** Text that stands for this side, such as a directory: its placeholder wherever it appears. */
  literal(text: string, placeholder: string): void {
    this.#literals.push([new RegExp(escapeRegExp(text), "g"), `<${placeholder}>`]);
  }

  /** Text that chance decides between: one placeholder for all of it. */
  alike(text: RegExp, placeholder: string): void {
    this.#literals.push([text, `<${placeholder}>`]);
  }

  /** A pid whose process is known by a name. */
  pid(pid: number, name: string): void {
    this.#seen.set(`pid ${pid}`, `<pid ${name}>`);
    this.#literals.push([new RegExp(`(?<![\\d.])${pid}(?![\\d])`, "g"), `<pid ${name}>`]);
  }

  #numbered(kind: string, value: string): string {
    const known = this.#seen.get(`${kind} ${value}`);
    if (known) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const placeholder = `<${kind} ${count}>`;
    this.#seen.set(`${kind} ${value}`, placeholder);
    if (kind === "uuid") this.#seen.set(`uuid ${value.slice(0, 8)}`, `<uuid ${count} cut>`);
    return placeholder;
  }

  text(text: string): string {
    const plain = this.#literals.reduce((all, [find, by]) => all.replace(find, by), text);
    return (
      plain
        .replace(iso, (time) => `<time${time.includes(".") ? ".ms" : ""}${offset(time)}>`)
        .replace(uuid, (id) => this.#numbered("uuid", id))
        .replace(/\b([0-9a-f]{8})(?=-?(?:\.\.\.|…))/g, (id) => this.#numbered("uuid", id))
        .replace(
          /\b([a-z][a-z0-9_]*-)(\d{3,7})(?!\d|-\d\d-)/g,
          (_, name: string, id: string) => name + this.#numbered("pid", id),
        )
        .replace(
          /(?<!<)\b((?:pid|process|PID:?|Process ID:)\W{1,4})(\d{2,7})\b/g,
          (_, before: string, id: string) => before + this.#numbered("pid", id),
        )
        .replace(/\bpts\/\d+/g, "pts/<n>")
        // Names of functions and files are no part of what the binary promises.
        .replace(/(?:^[ \t]+at \S.*\n?)+/gm, "    at <stack>\n")
        .replace(/\bWAL size: \d+ KB/g, "WAL size: <n> KB")
        // With its log.
        .replace(/^Database: \d+ KB/gm, "Database: <n> KB")
        .replace(/"(uptime_seconds|silent_seconds|start_ticks)": ?"?\d+"?/g, '"$1": <n>')
        // Of the database's address, and of the file that a message was copied from.
        .replace(/\bheartbeats\/[0-9a-f]+-/g, "heartbeats/<hash>-")
        .replace(/\b[0-9a-f]{14,16}(?=:\d)/g, (hash) => this.#numbered("hash", hash))
        .replace(/\b[0-9a-f]{64}\b/g, (hash) => this.#numbered("hash", hash))
        .replace(/\b20\d{6}T\d{6,9}Z\b/g, "<stamp>")
        // Of what was set up, which holds paths.
        .replace(/\.[0-9a-f]{16}\b/g, (hash) => `.${this.#numbered("hash", hash)}`)
        .replace(/\buptime \d+[dhms](?: \d+[hms])?/g, "uptime <age>")
        .replace(/\b\d+[dhms](?: \d+[hms])? ago\b/g, "<age> ago")
        .replace(/\((?:\d+m )?\d+s\)/g, "(<age>)")
        .replace(/\b\d+ (?:s|min|h) ago\b/g, "<age> ago")
        .replace(/\bsilent for \d+ (?:s|min|h)\b/g, "silent for <age>")
        .replace(/\b(\d+)(d|h|m|s)(?: (\d+)(h|m|s))?\b/g, age)
        .replace(/\b(\d+(?:\.\d+)?) ?ms\b/g, (all, ms: string) => (Number(ms) % 50 ? "<ms>" : all))
    );
  }

  /** One value of JSON, indented; the times of an object also say their order among each other. */
  json(value: Value): string {
    return JSON.stringify(this.#walk(value, "", new Map()), null, 1);
  }

  #walk(value: Value, key: string, order: ReadonlyMap<string, number>): Value {
    if (typeof value === "string") {
      const place = drifting.test(key) ? undefined : order.get(value);
      if (place !== undefined) return `<time ${place}${offset(value)}${oddForm(value)}>`;
      if (measured.test(key)) return `<${key}>`;
      return this.text(value);
    }
    if (typeof value === "number") {
      if (pids.test(key)) return this.#numbered("pid", String(value));
      return measured.test(key) ? `<${key}>` : value;
    }
    if (Array.isArray(value)) return value.map((each) => this.#walk(each, key, order));
    if (value === null || typeof value !== "object") return value;
    const entries = Object.entries(value);
    const own = ranked(
      entries
        .filter(([name]) => !drifting.test(name))
        .map(([, each]) => each)
        .filter((each) => typeof each === "string" && wholeIso.test(each)) as string[],
    );
    return Object.fromEntries(
      entries.map(([name, each]) => [this.text(name), this.#walk(each, name, own)]),
    );
  }
}

/** Numbers times by their order. Those of one command, which may read the clock more than once, are the same. */
function ranked(times: readonly string[]): Map<string, number> {
  const order = new Map<string, number>();
  let [count, last] = [0, -Infinity];
  for (const time of [...new Set(times)].toSorted()) {
    const instant = Date.parse(time);
    // No process has begun and ended within so many milliseconds.
    if (!(instant - last < 6)) count++;
    last = instant;
    order.set(time, count);
  }
  return order;
}

/** How a time is written, where it is not as parley writes its own. */
const oddForm = (time: string): string =>
  /T.*\.\d{3}Z$/.test(time) ? "" : ` as ${time.replace(/\d/g, "9")}`;

/** Minutes or hours from now, so that a changed time to live shows; times around now have none. */
function offset(time: string): string {
  const instant = Date.parse(time.replace(" ", "T").replace(/(?:Z|\+00(?::?00)?)?$/, "Z"));
  const seconds = (instant - Date.now()) / 1000;
  if (Number.isNaN(seconds) || (seconds > -240 && seconds < 10)) return "";
  // What an example says is the same on both sides.
  if (seconds < -20 * 86_400) return ` ${time}`;
  // Coarser where it is far away, so that a slow machine does not count.
  const [size, slack, unit] = seconds > 3000 ? [3600, 600, "h"] : [60, 50, "m"];
  const whole = Math.floor((seconds + slack) / size);
  return whole < 0 ? ` ${whole}${unit}` : ` +${whole}${unit}`;
}

const lengths: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** A duration as it stood when it was full: `9m 58s` is `10m`, and a few seconds are nothing. */
function age(all: string, n: string, unit: string, lesser?: string, lesserUnit?: string): string {
  if (lesser === undefined || lesserUnit === undefined) {
    if (unit !== "s") return all;
    if (Number(n) <= 20) return "<0s>";
    return Number(n) >= 55 && Number(n) < 60 ? "1m" : all;
  }
  const size = lengths[unit] ?? 1;
  const step = lengths[lesserUnit] ?? 1;
  const last = size / step - (lesserUnit === "s" ? 20 : 1);
  if (lesserUnit === "s" && Number(lesser) <= 20) return `${n}${unit}`;
  if (Number(lesser) < last) return all;
  const whole = (Number(n) + 1) * size;
  const [larger] = Object.entries(lengths).find(([, length]) => whole % length === 0) ?? ["s"];
  return `${whole / (lengths[larger] ?? 1)}${larger}`;
}
