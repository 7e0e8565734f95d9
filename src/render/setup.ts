/** View of `setup`. */
import type { SetupChange, SetupResult } from "../bus/setup";
import { type Style, paint } from "./style";
import { clean, oneLine, shortPath } from "./text";

const parts: Record<SetupChange["part"], string> = {
  hooks: "hooks",
  mcp: "MCP server",
  command: "command",
  npm: "npm settings",
  link: "link",
};

const done: Record<SetupChange["action"], string> = {
  create: "created",
  update: "updated",
  remove: "removed",
};

/** `setup`: what was changed, where the backups are, and what the agents will ask. */
export function render(result: SetupResult, style: Style): string[] {
  const { changes, dry_run, policy, vendors } = result;
  if (dry_run) return dryRun(result);
  const lines = changes.map(
    ({ action, part, path }) =>
      `  ${done[action]}  ${shortPath(path, style.home)} (${parts[part]})`,
  );
  const isChanged = (name: string): boolean => changes.some(({ vendor }) => vendor === name);
  const concerned = vendors.filter(({ vendor }) => changes.length === 0 || isChanged(vendor));
  const names = listed([...new Set(concerned.map(({ title }) => title))]);
  const what = result.action === "install" ? "Set up" : "Removed";
  const whose = result.scope === "project" ? ", in this project" : "";
  const backups = [...new Set(changes.flatMap(({ backup }) => backup ?? []))];
  return [
    ...(changes.length > 0
      ? [`${what}: ${names}${whose}`, ...lines]
      : [
          names
            ? `Nothing to do: ${names}${whose}`
            : "No agent that setup knows is installed here.",
        ]),
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

const edits: Record<SetupResult["policy"]["edits"], string> = {
  deny: "Edits of a file that another session holds are refused.",
  warn: "Edits of a file that another session holds are warned about.",
  off: "Edits are not looked at.",
};

const wakes: Record<SetupResult["policy"]["wake"], string> = {
  never: "Messages wake no idle agent.",
  critical: "Critical messages wake an idle agent.",
  all: "Critical messages, and those sent with --wake, wake an idle agent.",
};

const policyLines = (policy: SetupResult["policy"]): string[] => [
  edits[policy.edits],
  wakes[policy.wake],
];

const folder = (path: string): string => path.replace(/[/\\][^/\\]*$/, "");
