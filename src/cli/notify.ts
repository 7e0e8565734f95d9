/** Notifies the human at the machine by the desktop or the bell of the terminal. */
import type { Message } from "../bus/message";
import { priorityLabel } from "../render/format";
import { messageText } from "../render/message";
import { oneLine, shorten } from "../render/text";
import { type Io, isTerminal } from "./io";
import { openWriter } from "./writer";

/** Longest text of a notification, in characters. */
const maxLength = 200;
/** How long the platform's tool may take, in milliseconds. */
const timeoutMs = 3000;

interface DesktopNotification {
  title: string;
  text: string;
}

interface Tool {
  command: string[];
  env?: Record<string, string>;
}

/** Shows a message by the platform's own tool, or else rings the bell of the terminal. False where neither is there. */
export async function notify(io: Io, message: Message): Promise<boolean> {
  const notification = {
    title: `parley: ${priorityLabel(message.priority)}, from ${oneLine(message.sender_id)}`,
    text: shorten(oneLine(messageText(message)), maxLength),
  };
  for (const tool of toolsOf(process.platform, notification))
    if (await succeeds(tool, io)) return true;
  if (!isTerminal(2)) return false;
  await openWriter(2)("\x07");
  return true;
}

/** Text from elsewhere is passed as an argument or variable, never as part of a script. */
function toolsOf(platform: NodeJS.Platform, { title, text }: DesktopNotification): Tool[] {
  switch (platform) {
    case "darwin": {
      const script = "display notification (item 2 of argv) with title (item 1 of argv)";
      const lines = ["on run argv", script, "end run"].flatMap((line) => ["-e", line]);
      return [{ command: ["osascript", ...lines, title, text] }];
    }
    case "win32":
      return [
        {
          command: ["powershell", "-NoProfile", "-NonInteractive", "-Command", toast],
          env: { NOTICE_TITLE: title, NOTICE_TEXT: text },
        },
        { command: ["msg", "*", `${title}: ${text}`] },
      ];
    default:
      // Some notification daemons read the text as markup.
      return [{ command: ["notify-send", "--app-name=parley", "--", title, escaped(text)] }];
  }
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const toast = `
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent('ToastText02')
$texts = $xml.GetElementsByTagName('text')
[void]$texts[0].AppendChild($xml.CreateTextNode($env:NOTICE_TITLE))
[void]$texts[1].AppendChild($xml.CreateTextNode($env:NOTICE_TEXT))
$toast = [Windows.UI.Notifications.ToastNotification]::new($xml)
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier('parley').Show($toast)
`;

async function succeeds({ command, env = {} }: Tool, io: Io): Promise<boolean> {
  const [name = "", ...args] = command;
  const program = Bun.which(name, { PATH: io.env["PATH"] ?? "" });
  if (program === null) return false;
  try {
    const child = Bun.spawn([program, ...args], {
      env: { ...io.env, ...env },
      stdio: ["ignore", "ignore", "ignore"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    return (await child.exited) === 0;
  } catch {
    return false;
  }
}
