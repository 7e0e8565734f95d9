/** A home with agents' configurations in real files, and setup run on it. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { seedNames } from "../../src/cli/aliases";
import { agentSetups } from "../../src/agents/agents";
import { setUp, type SetupRequest } from "../../src/setup/setup";

export class Home implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), "parley-setup-")));
  readonly data = join(this.path, "data/parley");
  program = join(this.path, "bin/parley");

  constructor(files: Record<string, string | Uint8Array> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  at = (name: string): string => join(this.path, name);

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), content);
  }

  read = (name: string): string => readFileSync(this.at(name), "utf8");

  json = (name: string) => JSON.parse(this.read(name));

  /** What `parley setup` would do here; `remove` for `--remove`. */
  async setup(
    names: string[] = ["claude", "codex"],
    change: Partial<SetupRequest> & { remove?: boolean; env?: Record<string, string> } = {},
  ) {
    const { remove = false, env = {}, ...rest } = change;
    const place = { env, cwd: this.path, home: this.path, root: this.path };
    return setUp({
      action: remove ? "remove" : "install",
      vendors: await agentSetups(),
      names,
      place: { scope: "user", ...place },
      dataDirectory: this.data,
      dryRun: false,
      links: { directory: null, names: seedNames },
      program: this.program,
      ...rest,
    });
  }

  remove = (names: string[] = []) => this.setup(names, { remove: true });

  /** Every file, directory and link outside the data directory, with its mode and content. */
  picture(): Record<string, string> {
    const entries = readdirSync(this.path, { recursive: true, encoding: "utf8" });
    return Object.fromEntries(
      entries
        .filter((name) => !`${name}/`.startsWith("data/"))
        .toSorted()
        .map((name) => {
          const found = lstatSync(this.at(name));
          const mode = found.mode.toString(8);
          if (found.isSymbolicLink()) return [name, `-> ${readlinkSync(this.at(name))}`];
          if (found.isDirectory()) return [name, mode];
          return [name, `${mode} ${readFileSync(this.at(name)).toString("base64")}`];
        }),
    );
  }

  /** Deletes setup's manifest and backups. */
  forget = (): void => rmSync(this.data, { recursive: true, force: true });

  has = (name: string): boolean => existsSync(this.at(name));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
