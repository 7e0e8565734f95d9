/** Setup for Gemini CLI: its one file of settings, and its commands in TOML. */
import { expect, test } from "bun:test";

import { Home } from "./sandbox";

const settings = ".gemini/settings.json";

test("Gemini gets hooks with timeouts in milliseconds and its server in one file, and commands in TOML", async () => {
  using home = new Home({ [settings]: '{\n  // mine\n  "model": {"name": "gemini-3-pro"}\n}\n' });
  const before = home.picture();
  const { result } = await home.setup(["gemini"]);
  expect(result.changes).toHaveLength(8);
  const config = Bun.JSONC.parse(home.read(settings)) as Record<string, Record<string, unknown>>;
  expect(Object.keys(config)).toEqual(["model", "hooks", "mcpServers"]);
  expect(Object.keys(config["hooks"]!)).toEqual([
    ...["SessionStart", "BeforeAgent", "BeforeTool", "AfterTool"],
    ...["Notification", "AfterAgent", "SessionEnd"],
  ]);
  expect(config["hooks"]!["BeforeTool"]).toEqual([
    {
      matcher: "^(replace|write_file|run_shell_command)$",
      hooks: [{ type: "command", command: `'${home.program}' hook gemini`, timeout: 5000 }],
    },
  ]);
  expect(config["mcpServers"]!["parley"]).toMatchObject({ command: home.program, args: ["mcp"] });
  expect(home.read(settings)).toStartWith("{\n  // mine\n");
  expect((await home.setup(["gemini"])).result.changes).toEqual([]);
  await home.remove(["gemini"]);
  expect(home.picture()).toEqual(before);
});

test("a command of Gemini is valid TOML for any path of the program, follows it, and leaves other files alone", async () => {
  using home = new Home({ ".gemini/commands/cxq.toml": 'prompt = "mine"\n' });
  home.program = home.at(String.raw`it's "my" \place/parley`);
  const { warnings } = await home.setup(["gemini"]);
  expect(warnings.map(({ code }) => code)).toEqual(["kept"]);
  const command = ".gemini/commands/session-status.toml";
  const written = (): Record<string, unknown> =>
    Bun.TOML.parse(home.read(command)) as Record<string, unknown>;
  const quoted = `'${home.program.replaceAll("'", String.raw`'\''`)}' status`;
  expect(written()["prompt"]).toStartWith(`Run \`${quoted}\``);
  expect(written()["prompt"]).toContain("{{args}}");
  home.program = home.at("parley");
  await home.setup(["gemini"]);
  expect(written()["prompt"]).toContain(`'${home.program}' status`);
  await home.remove(["gemini"]);
  expect(home.has(command)).toBe(false);
  expect(home.read(".gemini/commands/cxq.toml")).toBe('prompt = "mine"\n');
});

test("Gemini's own variable says where its directory is", async () => {
  using home = new Home();
  await home.setup(["gemini"], { env: { GEMINI_CLI_HOME: home.at("elsewhere") } });
  expect([home.has("elsewhere/.gemini/settings.json"), home.has(settings)]).toEqual([true, false]);
});
