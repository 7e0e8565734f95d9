/** Renders `setup`, `on` and `off`. */
import type { EditPolicy, Preferences, WakePolicy } from "../bus/preferences";
import type { SetupChange, SetupResult } from "../bus/setup";
import { paint, type Style } from "./style";
import { clean, oneLine, shortPath } from "./text";

const partNames: Record<SetupChange["part"], string> = {
  hooks: "hooks",
  mcp: "MCP server",
  command: "command",
  npm: "npm settings",
  link: "link",
};

const actionNames: Record<SetupChange["action"], string> = {
  create: "created",
  update: "updated",
  remove: "removed",
};

/** `setup`: what was changed, where the backups are, and what the agents will ask. */
export function setupView(result: SetupResult, style: Style): string[] {
  const { changes, dry_run, policy, vendors } = result;
  if (dry_run) return dryRun(result);
  const lines = changes.map(
    ({ action, part, path }) =>
      `  ${actionNames[action]}  ${shortPath(path, style.home)} (${partNames[part]})`,
  );
  const isChanged = (name: string): boolean => changes.some(({ vendor }) => vendor === name);
  const concerned = vendors.filter(({ vendor }) => changes.length === 0 || isChanged(vendor));
  const names = listed([...new Set(concerned.map(({ title }) => title))]);
  const what = result.action === "install" ? "Set up" : "Removed";
  const whose = result.scope === "project" ? ", in this project" : "";
  const backups = [...new Set(changes.flatMap(({ backup }) => backup ?? []))];
  const noAgent = "No agent that setup knows is installed here.";
  return [
    ...(changes.length > 0
      ? [`${what}: ${names}${whose}`, ...lines]
      : [names ? `Nothing to do: ${names}${whose}` : noAgent]),
    ...(backups[0] ? [`Backups are in ${shortPath(folder(backups[0]), style.home)}`] : []),
    ...(policy.changed || names === "" ? policyLines(policy) : []),
    ...notes(result, style),
  ];
}

/** `A`, `A and B`, `A, B and C` */
const listed = (names: readonly string[]): string =>
  [names.slice(0, -1).join(", "), ...names.slice(-1)].filter(Boolean).join(" and ");

function dryRun({ changes, policy }: SetupResult): string[] {
  const diffs = changes.flatMap(({ diff }) =>
    clean(diff ?? "")
      .trimEnd()
      .split("\n"),
  );
  return [
    ...diffs,
    ...(policy.changed ? policyLines(policy) : []),
    changes.length > 0 || policy.changed ? "Nothing was changed: --dry-run" : "Nothing to do",
  ];
}

function notes({ notes: all, vendors }: SetupResult, style: Style): string[] {
  return vendors.flatMap(({ vendor, title }) => {
    const own = all.filter((note) => note.vendor === vendor);
    if (own.length === 0) return [];
    return [
      paint(style, "bold", `${title}:`),
      ...own.map(({ message }) => `- ${oneLine(message)}`),
    ];
  });
}

const edits: Record<EditPolicy, string> = {
  deny: "Edits of a file that another session holds are refused.",
  warn: "Edits of a file that another session holds are warned about.",
  off: "Edits are not looked at.",
};

const wakes: Record<WakePolicy, string> = {
  never: "Messages wake no idle agent.",
  critical: "Critical messages wake an idle agent.",
  all: "Critical messages, and those sent with --wake, wake an idle agent.",
};

const policyLines = (policy: SetupResult["policy"]): string[] => [
  edits[policy.edits],
  wakes[policy.wake],
];

const folder = (path: string): string => path.replace(/[/\\][^/\\]*$/, "");

const hookEdits: Record<EditPolicy, string> = {
  deny: "an edit of a file that another session holds is refused",
  warn: "an edit of a file that another session holds is warned about",
  off: "edits are not looked at",
};

const hookWakes: Record<WakePolicy, string> = {
  never: "no message wakes an idle agent",
  critical: "critical messages wake an idle agent",
  all: "critical messages, and those sent with --wake, wake an idle agent",
};

/** `on` and `off`: whether the hooks of agents work, and what they do. */
export const preferencesView = (
  { off, edits: policy, wake }: Preferences,
  style: Style,
): string[] =>
  off
    ? [
        "Hooks are off: no agent is registered, told or refused anything by them.",
        `Turn them on again with ${style.command("on")}.`,
      ]
    : [`Hooks are on: ${hookEdits[policy]}, ${hookWakes[wake]}.`];
