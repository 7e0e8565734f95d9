/** A program at a terminal, and what a user sees there. */

/** A program at a terminal, and what a user would see there. */
export interface Screen {
  readonly pid: number;
  /** Once the program has ended by itself. */
  readonly ended: Promise<number>;
  /** What the terminal shows, line by line. */
  text(): string;
  type(keys: string): void;
  /** Types a prompt and sends it. */
  submit(prompt: string): Promise<void>;
  kill(): Promise<void>;
}

const size = { cols: 140, rows: 50 };

/** The emulator also answers what programs ask of a terminal, such as where its cursor is. */
export async function openTerminal(
  command: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Screen> {
  // Stories are skipped, not broken, where nothing could be installed.
  const { Terminal: Emulator } = await import("@xterm/headless");
  const emulator = new Emulator({ ...size, allowProposedApi: true });
  const child = Bun.spawn([...command], {
    ...options,
    terminal: { ...size, data: (_, data) => emulator.write(data) },
  });
  const terminal = child.terminal!;
  emulator.onData((answer) => terminal.write(answer));
  const type = (keys: string): void => void terminal.write(keys);
  return {
    pid: child.pid,
    ended: child.exited,
    type,
    text: () => {
      const { active } = emulator.buffer;
      const lines = Array.from({ length: active.length }, (_, row) =>
        active.getLine(row)!.translateToString(true),
      );
      return lines.join("\n");
    },
    submit: async (prompt) => {
      type(prompt);
      // Text and Enter in one burst are taken for something pasted.
      await Bun.sleep(300);
      type("\r");
    },
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
      terminal.close();
    },
  };
}
