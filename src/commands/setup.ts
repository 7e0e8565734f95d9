/** `setup`: installs or removes hooks, commands and MCP server of agents. */
import { resolve } from "node:path";

import { editPolicies, type Preferences, wakePolicies } from "../bus/preferences";
import type { SetupResult } from "../bus/setup";
import { seedNames } from "../cli/aliases";
import { agentSetups } from "../agents/agents";
import type { Answer, Context } from "../cli/command";
import { defineCommand, excluding, flag, option, optional } from "../cli/command";
import { setUp } from "../setup/setup";
import { findPlace } from "../setup/vendor";

export default defineCommand({
  args: {
    agent: optional(
      "claude, codex, gemini, kimi, opencode, or git for its hook before commits; without one, the agents installed here",
    ),
    user: flag("For all your work (the default)"),
    project: flag("For the repository around this directory alone"),
    "dry-run": flag("Show what would change as a diff"),
    remove: flag("Take out what setup has put in, and nothing else"),
    policy: {
      type: "enum",
      options: [...editPolicies],
      description: "What an edit of a file meets that another session holds (deny)",
    },
    wake: {
      type: "enum",
      options: [...wakePolicies],
      description:
        "Which messages wake an idle agent: none, critical ones, or also those sent with --wake (critical)",
    },
    links: option(
      "DIR",
      "Also link earlier names of commands (session-status and so on) to this program there",
    ),
  },
  variadic: true,
  examples: [
    "setup",
    "setup codex --dry-run",
    "setup claude --project",
    "setup git",
    "setup --remove",
  ],
  async run({ args, context }): Promise<Answer> {
    const { remove = false, policy, wake, links } = args;
    const dryRun = args["dry-run"] ?? false;
    if (args.user && args.project) throw excluding("--user", "--project");
    if (remove && policy !== undefined) throw excluding("--remove", "--policy");
    if (remove && wake !== undefined) throw excluding("--remove", "--wake");
    const { home, data: dataDirectory } = context.paths;
    const { env, cwd } = context.io;
    const agents = args._;
    // A hook of git belongs to a repository, even with --user.
    const project = args.project || (agents.length > 0 && agents.every((each) => each === "git"));
    const { result, warnings } = await setUp({
      action: remove ? "remove" : "install",
      vendors: await agentSetups(),
      names: agents,
      mayBeNone: policy !== undefined || wake !== undefined,
      place: findPlace({ scope: project ? "project" : "user", env, cwd, home }),
      dataDirectory,
      dryRun,
      links: { directory: links === undefined ? null : resolve(cwd, links), names: seedNames },
    });
    const data = { ...result, policy: choosePolicy(context, { edits: policy, wake }, dryRun) };
    return {
      data,
      view: async (style) => (await import("../render/setup")).setupView(data, style),
      warnings,
    };
  },
});

function choosePolicy(
  context: Context,
  chosen: { [K in "edits" | "wake"]: Preferences[K] | undefined },
  dryRun: boolean,
): SetupResult["policy"] {
  const preferences = context.preferences();
  const before = preferences.read();
  const edits = chosen.edits ?? before.edits;
  const wake = chosen.wake ?? before.wake;
  const changed = edits !== before.edits || wake !== before.wake;
  if (changed && !dryRun) preferences.change({ edits, wake });
  return { edits, wake, changed };
}
