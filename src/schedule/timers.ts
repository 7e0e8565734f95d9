/** Writes the text of systemd units and of a launchd agent. */
import { join } from "node:path";

import type { ScheduleResult } from "../bus/cleanup";
import { intervalText } from "./crontab";
import type { Env, Job } from "./schedule";

type TimerFile = ScheduleResult["files"][number];

const name = "parley-cleanup";

/** A user's systemd service and its timer. */
export function systemdUnits(job: Job, seconds: number, env: Env): TimerFile[] {
  const directory = join(env["XDG_CONFIG_HOME"] || join(home(env), ".config"), "systemd/user");
  const every = intervalText(seconds * 1000);
  const variables = job.env.map(([key, value]) => `Environment=${unitWord(`${key}=${value}`)}\n`);
  // systemd replaces variables in arguments, but not in the path of the program.
  const command = [
    unitWord(job.program),
    ...job.args.map((arg) => unitWord(arg).replaceAll("$", "$$$$")),
  ];
  return [
    {
      path: join(directory, `${name}.service`),
      text: `[Unit]
Description=Remove what is past its time from the parley bus

[Service]
Type=oneshot
${variables.join("")}ExecStart=${command.join(" ")}
StandardOutput=null
`,
    },
    {
      path: join(directory, `${name}.timer`),
      text: `# Start it with: systemctl --user daemon-reload && systemctl --user enable --now ${name}.timer
[Unit]
Description=Clean the parley bus up every ${every}

[Timer]
OnActiveSec=${seconds}s
OnUnitActiveSec=${seconds}s
AccuracySec=1s

[Install]
WantedBy=timers.target
`,
    },
  ];
}

/** Quoted as systemd reads it, with its specifiers (`%`) taken literally. */
const unitWord = (word: string): string =>
  `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;

/** A user's launchd agent. */
export function launchdAgent(job: Job, seconds: number, env: Env): TimerFile[] {
  const path = join(home(env), "Library/LaunchAgents", `${name}.plist`);
  const strings = [job.program, ...job.args].map((word) => `    <string>${xml(word)}</string>\n`);
  const pairs = job.env.map(
    ([key, value]) => `    <key>${key}</key>\n    <string>${xml(value)}</string>\n`,
  );
  const variables =
    pairs.length > 0
      ? `  <key>EnvironmentVariables</key>\n  <dict>\n${pairs.join("")}  </dict>\n`
      : "";
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Start it with: launchctl bootstrap gui/$(id -u) ${xml(path).replaceAll("--", "- -")} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${name}</string>
  <key>ProgramArguments</key>
  <array>
${strings.join("")}  </array>
${variables}  <key>StartInterval</key>
  <integer>${seconds}</integer>
  <key>StandardOutPath</key>
  <string>/dev/null</string>
</dict>
</plist>
`;
  return [{ path, text }];
}

const xml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const home = (env: Env): string => env["HOME"] || "~";
