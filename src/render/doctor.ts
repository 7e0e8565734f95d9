/** Renders `doctor`: a line a finding, and its remedy below it. */
import type { DoctorResult, Finding } from "../bus/doctor";
import { count } from "../bus/text";
import { type Style, paint } from "./style";
import { inWordsOf, oneLine } from "./text";

export function doctorView({ findings, healthy, repaired }: DoctorResult, style: Style): string[] {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  const faults = findings.filter(({ status }) => status === "warning" || status === "error").length;
  return [
    ...repairLines(repaired),
    ...findings.flatMap(({ check, status, message, remedy }) => [
      `${label(status, style)} ${check.padEnd(width)}  ${oneLine(message)}`,
      ...(remedy !== null
        ? [`${" ".repeat(width + 10)}→ ${inWordsOf(style.command, oneLine(remedy))}`]
        : []),
    ]),
    healthy ? "All is well." : `${count(faults, "finding")} to see to.`,
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
