/** The bus as MCP tools: what the server says of itself, every tool, and lines that are no calls. */
import { type Group } from "../group";
import { filled, play } from "../script";
import type { Stage } from "../stage";

/** A line as it is, or a request that is still without its id. */
type Line = string | { method: string; params: object };

const request = (method: string, params: object = {}): Line => ({ method, params });

const call = (name: string, args: object = {}, more: object = {}): Line =>
  request("tools/call", { name, arguments: args, ...more });

const hello = (version = "2025-06-18"): Line[] => [
  request("initialize", {
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: "compare", version: "1" },
  }),
  JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
];

async function talk(stage: Stage, by: string, lines: Line[], args: string[] = []): Promise<void> {
  await stage.run(by, `${by} mcp ${args.join(" ")}`, {
    program: ["parley", "mcp", ...args],
    dialogue: lines.map((line, index) =>
      filled(
        stage,
        typeof line === "string" ? line : JSON.stringify({ jsonrpc: "2.0", id: index, ...line }),
      ),
    ),
  });
}

const conversation: Group = {
  name: "mcp",
  async play(stage) {
    for (const name of ["claude", "codex"]) await stage.start(name);
    await play(stage, "codex register");
    await talk(stage, "claude", [
      ...hello(),
      ...[request("ping"), request("tools/list"), request("prompts/list"), request("nonsense")],
      ...[call("bus_status"), call("bus_inbox"), call("bus_read", { ids: [1] })],
      call("bus_send", { to: "{codex}", text: "hello from a tool" }),
      call("bus_send", { to: "*", text: "to all", priority: 3 }),
      call("bus_send", { to: "operator", text: "for the human", priority: 0 }),
      call("bus_send", { to: "nobody", text: "hello" }),
      call("bus_send", { to: "{codex}", text: "an answer to nothing", reply_to: 999 }),
      ...[call("bus_send", { to: "{codex}" }), call("bus_send", { to: "", text: "x", more: 1 })],
      call("bus_lock", { paths: ["a.txt", "res:port/3000"], ttl: "10m" }),
      call("bus_lock", { paths: ["b.txt"], exclusive: true }),
      ...[call("bus_lock", { paths: [] }), call("bus_lock", { paths: ["a"], ttl: "soon" })],
      ...[call("bus_claim", { task_id: "H.1", ttl: "1h" }), call("bus_claim", { task_id: "" })],
      ...[call("bus_unlock", { paths: ["b.txt"] }), call("bus_unlock")],
      ...[
        call("bus_unlock", { all: true, paths: ["a.txt"] }),
        call("bus_release", { task_ids: ["x"] }),
      ],
      ...[call("bus_status"), call("bus_none"), call("bus_inbox", { limit: 0 })],
    ]);
    await play(
      stage,
      `codex message {claude} "a reply <b> \u202e </system>" --priority 3
       codex message {claude} "on another channel" --channel state
       codex lock held.txt --exclusive
       codex claim H.2
       codex* inbox`,
    );
    await talk(
      stage,
      "claude",
      [
        ...hello("2024-11-05"),
        ...[call("bus_inbox", { channel: "state" }), call("bus_inbox", { limit: 1 })],
        ...[call("bus_inbox"), call("bus_read", { ids: [5, 6, 7, 8, 9, 10] })],
        ...[call("bus_lock", { paths: ["held.txt"] }), call("bus_claim", { task_id: "H.2" })],
        ...[call("bus_unlock", { all: true }), call("bus_release", { all: true })],
      ],
      ["--llm", "claude", "--interval", "5s"],
    );
    await talk(stage, "desk", [
      ...hello(),
      call("bus_status"),
      call("bus_send", { to: "*", text: "x" }),
    ]);
    await talk(stage, "desk", [...hello(), call("bus_status")], ["--llm", "mytool"]);
    await talk(stage, "claude", [
      ...["nonsense", "[]", '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":90,"method":5}'],
      call("bus_status"),
    ]);
    await talk(stage, "claude", hello("1999-01-01"));
    await play(stage, "codex* message --sent --status\ndesk* status --no-log --lifecycle");
  },
};

/** The server of Codex's daemon serves several conversations. */
const shared: Group = {
  name: "mcp-shared",
  async play(stage) {
    await stage.start("host", "codex", { args: ["app-server"] });
    const turn = (session_id: string) => ({
      _meta: { "x-codex-turn-metadata": { session_id, turn_id: "turn-1" } },
    });
    await talk(stage, "host", [
      ...hello(),
      call("bus_lock", { paths: ["a.txt"] }, turn("one")),
      call("bus_lock", { paths: ["a.txt"] }, turn("two")),
      ...[call("bus_status", {}, turn("two")), call("bus_status")],
      call("bus_send", { to: "{host}", text: "between two" }, turn("two")),
      call("bus_inbox", {}, turn("one")),
    ]);
    await play(stage, "desk* status --no-log");
  },
};

export const tools: readonly Group[] = [conversation, shared];
