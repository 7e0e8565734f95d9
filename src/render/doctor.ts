/** View of `doctor`. */
import type { DoctorResult, Finding } from "../bus/doctor";
import { count } from "./format";
import { type Style, paint } from "./style";
import { oneLine } from "./text";

/** `doctor`: a line a finding, and its remedy below it. */
export function render({ findings, healthy, repaired }: DoctorResult, style: Style): string[] {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  const wanting = findings.filter(({ remedy }) => remedy !== null);
  const bad = findings.filter(({ status }) => status === "warning" || status === "error").length;
  return [
    ...repairLines(repaired),
    ...findings.flatMap(({ check, status, message, remedy }) => [
      `${label(status, style)} ${check.padEnd(width)}  ${oneLine(message)}`,
      ...(wanting.length > 0 && remedy !== null
        ? [`${" ".repeat(width + 10)}→ ${inWords(oneLine(remedy), style)}`]
        : []),
    ]),
    healthy ? "All is well." : `${count(bad, "finding")} to see to.`,
  ];
}

function repairLines(repaired: DoctorResult["repaired"]): string[] {
  if (repaired === undefined) return [];
  if (repaired === null) return ["Nothing to repair: the database is not damaged."];
  const { sessions, messages, locks, claims } = repaired.salvaged;
  const saved = [
    count(sessions, "session"),
    count(messages, "message"),
    count(locks, "lock"),
    count(claims, "claim"),
  ];
  return [`Saved ${saved.join(", ")}; the damaged file is now ${oneLine(repaired.moved_to)}`];
}

function label(status: Finding["status"], style: Style): string {
  const text = status.padEnd(7);
  if (status === "error") return paint(style, "red", text);
  return status === "warning" ? paint(style, "yellow", text) : text;
}

/** A remedy names commands as `parley VERB`; the reader may know them by another name. */
const inWords = (text: string, style: Style): string =>
  text.replace(/\bparley ([a-z]+)/g, (_, verb: string) => style.command(verb));
