/** How a story drives a client, the same for every vendor. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { Answer, Dialect } from "../model/model";
import type { Outcome, Sandbox } from "../sandbox";
import type { Screen } from "./terminal";

export interface Vendor {
  /** The command's name, and parley's name for the vendor. */
  readonly name: string;
  readonly dialect: Dialect;
  /** When a message can reach its model in a turn: after any tool, or only when the turn would end. */
  readonly showsMessagesAfter: "tool" | "turn";
  /** The native program, of the package for this platform; or the script that `interpreter` runs. */
  readonly program: string;
  /** Node, for a client that is a script: what its first line finds on the PATH. */
  readonly interpreter?: string;
  /** Writes what lets it start without login, questions or updates. */
  configure(home: string, work: string, modelUrl: string): void;
  env(modelUrl: string): Record<string, string>;
  /** Arguments for one prompt without a terminal. */
  headless(prompt: string): string[];
  /** Arguments for one more prompt of a conversation, without a terminal. */
  resumed(id: string, prompt: string): string[];
  /** Arguments in a terminal. */
  readonly interactive: readonly string[];
  /** Waits until the terminal takes a prompt. */
  ready(screen: Screen): Promise<void>;
  /** What its user does so that it runs the hooks it finds. */
  trust(sandbox: Sandbox): Promise<void>;
  /** The model's answers that change a file: reading first where the client insists. */
  edit(file: string, from: string, to: string): Answer[];
  /** The model's answer that runs a shell command. */
  shell(command: string): Answer;
  /** The model's answer that calls a tool of parley's MCP server. */
  mcp(tool: string, input: unknown): Answer;
}

export interface Client {
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  kill(): Promise<void>;
}

const require = createRequire(import.meta.url);

/** A file of an installed package; the path where it would be when it is not. */
export function packageFile(name: string, file: string): string {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), file);
  } catch {
    return join(import.meta.dir, "../node_modules", name, file);
  }
}

/** The one that clients in JavaScript run on: Kimi Code asks for 22.19 or later, which the machine's own may not be. */
export const node = packageFile(`node-${process.platform}-${process.arch}`, "bin/node");

export const isInstalled = ({ program, interpreter }: Vendor): boolean =>
  existsSync(program) && (interpreter === undefined || existsSync(interpreter));
