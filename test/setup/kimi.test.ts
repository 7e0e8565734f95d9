/** Setup for Kimi Code: its hooks in TOML. */
import { describe, expect, test } from "bun:test";

import { Home } from "./sandbox";

const config = ".kimi-code/config.toml";
const servers = ".kimi-code/mcp.json";
const own = '[[hooks]]\nevent = "Stop"\ncommand = "say done"\n';

type Table = Record<string, unknown>;
const hooks = (home: Home): Table[] =>
  (Bun.TOML.parse(home.read(config)) as { hooks: Table[] }).hooks;

describe("Kimi's hooks", () => {
  test("have only the four keys that Kimi knows, since any other switches all off", async () => {
    using home = new Home({ [config]: 'default_model = "k3" # mine\n' });
    const before = home.picture();
    const { result } = await home.setup(["kimi"]);
    expect(result.changes).toHaveLength(9);
    expect(hooks(home).map(({ event }) => event)).toEqual([
      ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PostToolUse"],
      ...["Stop", "StopFailure", "Interrupt", "SessionEnd"],
    ]);
    expect(new Set(hooks(home).flatMap(Object.keys))).toEqual(
      new Set(["event", "matcher", "command", "timeout"]),
    );
    expect(hooks(home)[2]).toEqual({
      event: "PreToolUse",
      matcher: "^(Edit|Write|Bash)$",
      command: `'${home.program}' hook kimi`,
      timeout: 5,
    });
    expect(home.json(servers).mcpServers.parley).toMatchObject({ command: home.program });
    expect(home.read(".kimi-code/skills/session-status/SKILL.md")).toContain("$ARGUMENTS");
    expect((await home.setup(["kimi"])).result.changes).toEqual([]);
    await home.remove(["kimi"]);
    expect(home.picture()).toEqual(before);
  });

  const texts: Record<string, string> = {
    "no newline at the end": "a = 1",
    CRLF: `a = 1\r\n\r\n${own.replaceAll("\n", "\r\n")}`,
    "a byte order mark": "\ufeffa = 1\n",
    "hooks of others with comments": `# one\n${own}# two\n[[hooks]] # three\nevent = "Stop"\ncommand = "x"\n\n[table]\nb = [\n  1,\n]\n`,
    "an empty file": "",
    "only a comment": "# nothing yet\n",
  };

  test.each(Object.entries(texts))("leave every other byte: %s", async (_, text) => {
    using home = new Home({ [config]: text });
    const before = home.picture();
    await home.setup(["kimi"]);
    expect(home.read(config)).toStartWith(text);
    await home.remove(["kimi"]);
    expect(home.picture()).toEqual(before);
  });

  test("are cut out where the file has changed since and the manifest is lost", async () => {
    using home = new Home({ [config]: `a = 1\n\n${own}` });
    await home.setup(["kimi"]);
    home.write(config, `${home.read(config)}\n# theirs\n[later]\nb = 2\n\n${own}`);
    home.forget();
    await home.remove(["kimi"]);
    expect(home.read(config)).toBe(`a = 1\n\n${own}\n# theirs\n[later]\nb = 2\n\n${own}`);
  });

  test("follow the program, keep a timeout of the user's choice, and are made whole", async () => {
    using home = new Home({ [config]: own });
    await home.setup(["kimi"]);
    const first = home.read(config);
    home.write(
      config,
      first
        .replace("timeout = 5", "timeout = 9")
        .replace('event = "Interrupt"', 'event = "Notification"'),
    );
    home.program = home.at("moved/parley");
    await home.setup(["kimi"]);
    expect(hooks(home)).toHaveLength(10);
    expect(hooks(home)[1]).toEqual({
      event: "SessionStart",
      command: `'${home.program}' hook kimi`,
      timeout: 9,
    });
    expect(hooks(home).map(({ event }) => event)).toContain("Interrupt");
    await home.remove(["kimi"]);
    expect(home.read(config)).toBe(own);
  });

  test.each([
    ["an inline list", 'hooks = [{ event = "Stop", command = "x" }]\n'],
    ["an empty list", "hooks = []\n"],
    ["a table", "[hooks]\na = 1\n"],
    ["malformed TOML", "a = = 1\n"],
  ])("in a form that cannot be added to are refused: %s", async (_, text) => {
    using home = new Home({ [config]: text });
    const before = home.picture();
    const error = await home.setup(["kimi"]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid", details: { path: home.at(config) } });
    expect(home.picture()).toEqual(before);
  });

  test("are not for one repository, which gets server and skills", async () => {
    using home = new Home();
    const place = {
      scope: "project",
      env: {},
      cwd: home.path,
      home: home.at("user"),
      root: home.path,
    } as const;
    const { result } = await home.setup(["kimi"], { place });
    expect(new Set(result.changes.map(({ part }) => part))).toEqual(new Set(["mcp", "command"]));
    expect(result.notes.map(({ message }) => message).join("\n")).toContain("without --project");
    expect([home.has(config), home.has(servers)]).toEqual([false, true]);
  });
});

test("Kimi's own variable says where its directory is", async () => {
  using home = new Home();
  await home.setup(["kimi"], { env: { KIMI_CODE_HOME: home.at("elsewhere") } });
  expect([home.has("elsewhere/config.toml"), home.has(config)]).toEqual([true, false]);
});
