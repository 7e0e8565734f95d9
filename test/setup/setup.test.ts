/** Setup and removal: other programs' bytes, moves, backups, failures, links. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";

import { ParleyError } from "../../src/bus/errors";
import { Home } from "./sandbox";

const settings = ".claude/settings.json";
const hooks = ".codex/hooks.json";
const config = ".codex/config.toml";

const stopHook = '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"say done"}]}]}}';

async function failure(promise: Promise<unknown>): Promise<ParleyError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ParleyError);
  return error as ParleyError;
}

describe("On an empty home", () => {
  test("setup makes hooks, server and commands, and --remove leaves nothing of them", async () => {
    using home = new Home();
    const before = home.picture();
    const { result } = await home.setup();
    expect(result.changes.map(({ action }) => action)).toEqual(Array(18).fill("create"));
    const command = `'${home.program}' hook claude`;
    expect(home.json(settings).hooks.PreToolUse).toEqual([
      {
        matcher: "Edit|Write|MultiEdit|NotebookEdit|Bash",
        hooks: [{ type: "command", command, timeout: 5 }],
      },
    ]);
    expect(Object.keys(home.json(settings).hooks)).toEqual([
      ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse"],
      ...["PermissionRequest", "Notification", "Stop", "SessionEnd"],
    ]);
    expect(Object.keys(home.json(hooks))).toEqual(["hooks"]);
    expect(home.json(hooks).hooks.PreToolUse[0].matcher).toBe("apply_patch|Bash");
    expect(Object.keys(home.json(hooks).hooks)).toContain("PermissionRequest");
    expect(home.json(".claude.json")).toEqual({
      mcpServers: { parley: { type: "stdio", command: home.program, args: ["mcp"] } },
    });
    expect(Bun.TOML.parse(home.read(config))).toMatchObject({
      mcp_servers: { parley: { command: home.program, args: ["mcp"] } },
    });
    expect(home.read(".claude/commands/session-status.md")).toContain(`'${home.program}' status`);
    expect(home.read(".codex/skills/cxq/SKILL.md")).toMatch(/^---\nname: cxq\n/);
    await home.remove();
    expect(home.picture()).toEqual(before);
  });

  test("new files are for their user alone, since agents put keys into them later", async () => {
    using home = new Home();
    await home.setup();
    const made = Object.entries(home.picture());
    expect(made.length).toBeGreaterThan(18);
    for (const [name, what] of made) {
      const mode = what.split(" ")[0]!;
      expect([name, mode]).toEqual([name, mode.startsWith("4") ? "40700" : "100600"]);
    }
  });

  test("a second setup has nothing to do", async () => {
    using home = new Home();
    await home.setup();
    const before = home.picture();
    expect((await home.setup()).result).toMatchObject({ changes: [], notes: [] });
    expect(home.picture()).toEqual(before);
  });

  test("--dry-run shows a diff and changes nothing, not even the data directory", async () => {
    using home = new Home({ [settings]: '{\n  "model": "opus"\n}\n' });
    const before = home.picture();
    const { result } = await home.setup(["claude"], { dryRun: true });
    expect(home.picture()).toEqual(before);
    expect(existsSync(home.data)).toBe(false);
    const [first] = result.changes;
    expect(first).toMatchObject({ action: "update", path: home.at(settings), backup: null });
    expect(first?.diff).toStartWith(`--- ${home.at(settings)}\n+++ ${home.at(settings)}\n@@ -1,3 `);
    expect(first?.diff).toContain('-  "model": "opus"\n+  "model": "opus",\n+  "hooks": {\n');
  });

  test("only the agents that are installed are set up, and without any it says so", async () => {
    using home = new Home();
    expect(await failure(home.setup([]))).toMatchObject({ code: "not_found" });
    mkdirSync(home.at(".codex"));
    const { result } = await home.setup([]);
    expect(result.vendors).toEqual([
      { vendor: "codex", title: "Codex", program: null, directory: home.at(".codex") },
    ]);
    expect(home.has(".claude")).toBe(false);
    expect(await failure(home.setup(["emacs"]))).toMatchObject({ code: "invalid" });
  });

  test("the agents' own variables say where their configuration is", async () => {
    using home = new Home();
    const env = { CLAUDE_CONFIG_DIR: home.at("cc"), CODEX_HOME: "relative" };
    await home.setup(["claude", "codex"], { env });
    expect([home.has("cc/settings.json"), home.has("cc/.claude.json")]).toEqual([true, true]);
    expect([home.has("relative/hooks.json"), home.has(".codex")]).toEqual([true, false]);
  });
});

describe("Another program's part of a file", () => {
  const texts: Record<string, string> = {
    "comments and trailing commas":
      '// mine\n{\n  /* a */ "hooks": {\n    "Stop": [\n      {"hooks": [{"type": "command", "command": "say"}]}, // last\n    ], // all\n  },\n}\n',
    "CRLF and tabs": '{\r\n\t"model": "opus",\r\n\t"hooks": {\r\n\t\t"Stop": []\r\n\t}\r\n}\r\n',
    "a byte order mark": '\ufeff{\n  "model": "opus"\n}\n',
    "no newline at the end": '{"model":"opus"}',
    "one line with spaces": '{ "model": "opus", "hooks": { "Stop": [ ] } }\n',
    "an empty object": "{}",
    "an empty file": "",
    "empty hooks": '{\n    "hooks": {\n    }\n}',
    "a comment at the end": '{\n  "a": 1 // one\n  // two\n}\n',
    "a property twice": '{"hooks":{"Stop":[]},"hooks":{}}',
    "odd names": '{"__proto__":{"hooks":[]},"":{"a":[[],{}]},"hooks":{"constructor":[]}}',
  };

  test.each(Object.entries(texts))("keeps its bytes: %s", async (_, text) => {
    using home = new Home({ [settings]: text, ".claude.json": text, [hooks]: text });
    const before = home.picture();
    await home.setup();
    expect(home.picture()).not.toEqual(before);
    expect((await home.setup()).result.changes).toEqual([]);
    await home.remove();
    expect(home.picture()).toEqual(before);
  });

  test("a file with CRLF gets no other line ends, and a mark at its beginning stays there", async () => {
    using home = new Home({ [settings]: '\ufeff{\r\n\t"a": 1\r\n}\r\n', [config]: "# x\r\n" });
    await home.setup();
    for (const file of [settings, config]) expect(home.read(file)).not.toMatch(/[^\r]\n/);
    expect(home.read(settings)).toStartWith('\ufeff{\r\n\t"a": 1,\r\n\t"hooks": {\r\n\t\t"Sess');
  });

  test("stays as it is when it changes between setup and --remove", async () => {
    using home = new Home({
      [settings]: '{\n  "hooks": {\n    "Stop": [\n      {"hooks": []}\n    ]\n  }\n}\n',
      [config]: 'model = "a"\n',
    });
    await home.setup();
    home.write(settings, home.read(settings).replace('{"hooks": []},', '{"hooks": [1]}, // mine'));
    home.write(
      config,
      `${home.read(config)}\n# trusted\n[projects."/p"]\ntrust_level = "trusted"\n`,
    );
    home.write(".claude.json", home.read(".claude.json").replace(/\}\s*$/, ',"userID":"u"}'));
    home.write(".claude/commands/own.md", "mine");
    await home.remove();
    expect(home.read(settings)).toBe(
      '{\n  "hooks": {\n    "Stop": [\n      {"hooks": [1]} // mine\n    ]\n  }\n}\n',
    );
    expect(home.read(config)).toBe(
      'model = "a"\n\n# trusted\n[projects."/p"]\ntrust_level = "trusted"\n',
    );
    expect(home.json(".claude.json")).toEqual({ userID: "u" });
    expect(home.picture()).toHaveProperty([".claude/commands/own.md"]);
    expect([home.has(".codex/hooks.json"), home.has(".codex/skills")]).toEqual([false, false]);
  });

  test("stays without setup's manifest, too", async () => {
    using home = new Home({ [settings]: `${stopHook}\n`, [config]: 'model = "a"\n' });
    await home.setup();
    home.forget();
    await home.remove();
    expect(home.json(settings)).toEqual(JSON.parse(stopHook));
    expect(home.read(config)).toBe('model = "a"\n');
    expect(readdirSync(home.at(".claude/commands"))).toEqual([]);
  });

  test.each(['{"files":null}', '{"files":{"/a":null},"programs":"x","links":{}}', "[]", "null"])(
    "is found where what setup remembers is %j",
    async (memory) => {
      using home = new Home({ [settings]: `${stopHook}\n` });
      await home.setup(["claude"]);
      home.write("data/parley/setup.json", memory);
      await home.setup(["claude"]);
      await home.remove();
      expect(home.json(settings)).toEqual(JSON.parse(stopHook));
    },
  );

  test("may have the name of a command or of the server, and keeps it", async () => {
    using home = new Home({
      ".claude/commands/cxq.md": "mine\n",
      ".claude.json": '{"mcpServers":{"parley":{"command":"npx","args":["parley-lang"]}}}',
      [config]: '[mcp_servers.parley]\ncommand = "npx"\n',
    });
    const before = home.picture();
    const { warnings, result } = await home.setup();
    expect(warnings.map(({ message }) => message.split(" ")[0])).toEqual([
      home.at(".claude.json"),
      home.at(".claude/commands/cxq.md"),
      home.at(config),
    ]);
    expect(result.changes.map(({ path }) => path)).not.toContain(home.at(config));
    await home.remove();
    expect(home.picture()).toEqual(before);
  });

  test("hooks of other programs that end in the same words are not parley's", async () => {
    const text = JSON.stringify({
      hooks: {
        Stop: [{ hooks: [{ type: "command", command: "/usr/bin/other hook claude" }] }],
        PreToolUse: [{ hooks: [{ type: "command", command: "x; '/p/parley' hook claude" }] }],
      },
    });
    using home = new Home({ [settings]: text });
    await home.setup(["claude"]);
    expect(home.json(settings).hooks.Stop).toHaveLength(2);
    home.forget();
    await home.remove(["claude"]);
    expect(home.json(settings)).toEqual(JSON.parse(text));
  });
});

describe("An earlier setup", () => {
  test("by a parley at another path is corrected in place, not doubled", async () => {
    using home = new Home({ [config]: 'model = "a"\n' });
    const before = home.picture();
    await home.setup();
    home.write(settings, home.read(settings).replace('"Stop": [', '"Stop": [ {"hooks": []},'));
    const texts = [settings, hooks, ".claude.json", config, ".claude/commands/cxq.md"];
    const [old, moved] = [home.program, home.at("new place's/parley-2")];
    const expected = texts.map((name) =>
      home
        .read(name)
        .replaceAll(`'${old}'`, `'${moved.replaceAll("'", String.raw`'\''`)}'`)
        .replaceAll(`"${old}"`, `"${moved}"`),
    );
    // In JSON the backslash of the quoted apostrophe is escaped once more.
    const inJson = (text: string) => text.replaceAll(String.raw`'\''`, String.raw`'\\''`);
    home.program = moved;
    await home.setup();
    expect(texts.slice(0, 4).map(home.read)).toEqual([
      ...expected.slice(0, 3).map(inJson),
      expected[3]!,
    ]);
    await home.remove();
    expect(home.json(settings)).toEqual({ hooks: { Stop: [{ hooks: [] }] } });
    rmSync(home.at(".claude"), { recursive: true });
    expect(home.picture()).toEqual(before);
  });

  test("under another name than parley is recognized by the manifest", async () => {
    using home = new Home();
    home.program = home.at("bin/bus");
    await home.setup(["claude"]);
    home.program = home.at("bin/parley");
    await home.setup(["claude"]);
    expect(home.read(settings)).not.toContain("bin/bus");
    expect(home.json(settings).hooks.Stop).toHaveLength(1);
  });

  test("that lost an event or has one twice is made whole", async () => {
    using home = new Home();
    await home.setup(["claude"]);
    const whole = home.json(settings);
    const { Stop, SessionEnd, ...some } = whole.hooks;
    const odd = { ...some, Stop: [...Stop, ...Stop], Setup: SessionEnd };
    home.write(settings, JSON.stringify({ hooks: odd }));
    await home.setup(["claude"]);
    expect(home.json(settings)).toEqual(whole);
  });

  test("keeps a timeout that the user has chosen", async () => {
    using home = new Home();
    await home.setup(["claude"]);
    home.write(settings, home.read(settings).replaceAll('"timeout": 5', '"timeout": 9'));
    expect((await home.setup(["claude"])).result.changes).toEqual([]);
  });

  test("is removed after another setup of a changed file without losing that change", async () => {
    using home = new Home({ [settings]: '{\n  "a": 1\n}\n' });
    await home.setup(["claude"]);
    home.write(settings, home.read(settings).replace('"a": 1', '"a": 2'));
    home.program = home.at("parley-next");
    await home.setup(["claude"]);
    await home.remove();
    expect(home.read(settings)).toBe('{\n  "a": 2\n}\n');
  });
});

describe("Backups", () => {
  test("hold every file as it was before its first change, for its owner alone", async () => {
    using home = new Home({ [settings]: stopHook, [config]: "a = 1" });
    const { result } = await home.setup();
    const backups = result.changes.flatMap(({ backup }) => backup ?? []);
    expect(backups.map((path) => readFileSync(path, "utf8"))).toEqual([stopHook, "a = 1"]);
    for (const path of [...backups, join(home.data, "setup.json")]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(home.data, "backups")).mode & 0o777).toBe(0o700);
  });
});

describe("Where one file cannot be changed, nothing is", () => {
  const broken: [string, string, string | Uint8Array][] = [
    ["malformed JSON", settings, '{"hooks": {'],
    ["JSON that is no object", ".claude.json", "[]"],
    ["hooks that are no object", settings, '{"hooks": []}'],
    ["an event that is no list", hooks, '{"hooks": {"Stop": {}}}'],
    ["servers that are no object", ".claude.json", '{"mcpServers": 7}'],
    ["malformed TOML", config, "a = = 1\n"],
    ["servers that cannot be added to", config, "mcp_servers = {}\n"],
    ["text in another encoding", hooks, new Uint8Array([0x7b, 0xff, 0x7d])],
  ];

  test.each(broken)("%s", async (_, name, content) => {
    using home = new Home({ [name]: content });
    const before = home.picture();
    const error = await failure(home.setup());
    expect(error).toMatchObject({ code: "invalid", details: { path: home.at(name) } });
    expect(error.message).toContain(home.at(name));
    expect(home.picture()).toEqual(before);
    expect(existsSync(home.data)).toBe(false);
  });

  test.each([
    'mcp_servers.parley = { command = "/old/parley", args = ["mcp"] }\n',
    'mcp_servers = { other = { command = "x" } }\n',
  ])(
    "a table for the server in a form that cannot be edited is told, not half changed: %s",
    async (text) => {
      using home = new Home({ [config]: text });
      const error = await failure(home.setup(["codex"]));
      expect(error).toMatchObject({ code: "invalid" });
      expect(error.message).toEndWith("has its mcp_servers in a form that setup does not edit");
      expect(home.read(config)).toBe(text);
    },
  );

  test("a file or directory that is read-only", async () => {
    for (const name of [config, ".codex"]) {
      using home = new Home({ [config]: "a = 1\n" });
      const mode = statSync(home.at(name)).mode;
      chmodSync(home.at(name), mode & ~0o222);
      const before = home.picture();
      expect(await failure(home.setup())).toMatchObject({ code: "not_permitted" });
      expect(home.picture()).toEqual(before);
      chmodSync(home.at(name), mode);
    }
  });

  test("a path that the system does not accept", async () => {
    using home = new Home();
    const env = { CLAUDE_CONFIG_DIR: home.at("x".repeat(300)) };
    expect(await failure(home.setup(["claude"], { env }))).toMatchObject({ code: "not_permitted" });
  });

  test("a directory where a file should be", async () => {
    using home = new Home({ ".claude/settings.json/x": "" });
    expect(await failure(home.setup())).toMatchObject({ code: "invalid" });
    expect(home.has(".claude.json")).toBe(false);
  });

  test("a device or a pipe where a file should be", async () => {
    for (const device of ["/dev/null", "pipe"]) {
      using home = new Home();
      Bun.spawnSync(["mkfifo", home.at("pipe")]);
      mkdirSync(home.at(".codex"));
      symlinkSync(device === "pipe" ? home.at("pipe") : device, home.at(hooks));
      expect(await failure(home.setup())).toMatchObject({ code: "invalid" });
      expect(home.has(".claude")).toBe(false);
    }
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("a write that fails half-way is taken back", async () => {
    // A name that is free, but too long once the draft's suffix is added.
    using home = new Home({ [settings]: stopHook });
    const long = "x".repeat(250);
    symlinkSync(home.at(`.claude/${long}`), home.at(".claude.json"));
    const before = home.picture();
    expect(await failure(home.setup())).toMatchObject({ code: "not_permitted" });
    expect(home.picture()).toEqual(before);
  });
});

describe("Links", () => {
  test("a configuration that is a symbolic link is changed at its target, and keeps its mode", async () => {
    using home = new Home({ "dotfiles/settings.json": stopHook });
    chmodSync(home.at("dotfiles/settings.json"), 0o640);
    mkdirSync(home.at(".claude"));
    symlinkSync("../dotfiles/settings.json", home.at(settings));
    symlinkSync("dotfiles/missing.json", home.at(".claude.json"));
    const before = home.picture();
    await home.setup(["claude"]);
    expect(lstatSync(home.at(settings)).isSymbolicLink()).toBe(true);
    expect(statSync(home.at("dotfiles/settings.json")).mode & 0o777).toBe(0o640);
    expect(home.json("dotfiles/settings.json").hooks.Stop).toHaveLength(2);
    expect(home.has("dotfiles/missing.json")).toBe(true);
    await home.remove();
    expect(home.picture()).toEqual(before);
  });

  test("--links makes the seeds' names, leaves others' files alone, and --remove takes them out", async () => {
    using home = new Home({ "links/cxq": "mine" });
    const before = home.picture();
    const links = { directory: home.at("links"), names: ["session-status", "cxq"] };
    const { result, warnings } = await home.setup(["claude"], { links });
    expect(result.changes.filter(({ part }) => part === "link")).toEqual([
      {
        vendor: null,
        part: "link",
        path: home.at("links/session-status"),
        action: "create",
        backup: null,
        diff: null,
      },
    ]);
    expect(warnings.map(({ code }) => code)).toEqual(["kept", "not_on_path"]);
    expect(home.picture()["links/session-status"]).toBe(`-> ${home.program}`);
    expect((await home.setup(["claude"], { links })).result.changes).toEqual([]);
    await home.remove();
    expect(home.picture()).toEqual(before);
  });
});

test("a path that no configuration can name is refused", async () => {
  using home = new Home();
  home.program = "/tmp/a\nb/parley";
  expect(await failure(home.setup())).toMatchObject({ code: "invalid" });
});
