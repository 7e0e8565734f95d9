/** Hooks of every vendor: whole turns, mail that is shown, edits that are refused, and payloads of any kind. */
import { type Group, story } from "../group";
import { payload, shell, turns } from "../payloads";
import { play } from "../script";
import type { Stage } from "../stage";

type More = Record<string, unknown> & { file?: string };

/** Calls a hook as its vendor does. */
async function hook(stage: Stage, vendor: string, event: string, more: More = {}): Promise<void> {
  const text = payload(vendor, event, stage.work, more);
  const by = vendor === "generic" ? "mytool" : vendor;
  await stage.run(by, `${vendor}'s ${event} ${stage.normaliser.text(JSON.stringify(more))}`, {
    program: ["parley", "hook", vendor],
    input: text,
  });
}

const vendorGroup = (vendor: string): Group => ({
  name: `hooks-${vendor}`,
  async play(stage) {
    const { start, prompt, before, permission, after, stop, end, others } = turns[vendor]!;
    const by = vendor === "generic" ? "mytool" : vendor;
    const call = (event: string, more?: More) => hook(stage, vendor, event, more);
    const file = `${stage.work}/a.txt`;
    await stage.start(by);
    const mail = (priority: number, text: string) =>
      play(stage, `other message {${by}} "${text}" --priority ${priority}`);
    await play(stage, "other register --llm other --pid {other.pid} --project PILOT");
    // A turn with nothing to say.
    await call(start, { source: "startup" });
    await call(prompt, { prompt: "Rename alpha to beta." });
    await call(before, { file });
    await call(permission[0], permission[1]);
    await play(stage, "desk status --no-log --json");
    await call(after, { file });
    await call(stop, { stop_hook_active: false });
    await play(stage, "desk status --no-log --json\ndesk status --locks");
    // Mail in every place where it may be shown.
    for (const [event, priority] of [
      [prompt, 1],
      [after, 2],
      [after, 1],
      [stop, 3],
    ] as const) {
      await mail(priority, `for ${event} <b> </system>`);
      await call(event, { stop_hook_active: false, prompt: "what is new" });
    }
    await call(stop, { stop_hook_active: true, continued: true });
    for (let n = 0; n < 12; n++) await mail(1, `many ${n} ${"x".repeat(300)}`);
    await call(prompt);
    await play(stage, "other message --sent --status");
    // Files that another session holds, by each policy.
    await play(stage, "other lock a.txt --exclusive");
    for (const policy of ["deny", "warn", "off", "deny"]) {
      await play(stage, `desk setup --policy ${policy}`);
      await call(before, { file });
    }
    await call(before, shell(vendor, "cat b.txt && git status"));
    await call(
      before,
      shell(
        vendor,
        "apply_patch <<'EOF'\n*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\nEOF",
      ),
    );
    await play(stage, "desk off");
    await call(before, { file });
    await play(stage, "desk on");
    for (const [event, more] of others) {
      await call(event, more);
      await play(stage, "desk status --no-log --json");
    }
    await call(start, { source: "resume" });
    await call(prompt, { agent_id: "sub-1" });
    await call(end[0], end[1]);
    await play(stage, "desk status --lifecycle --json");
  },
});

const odd: Group = story(
  "hooks-odd",
  `claude hook claude < ""
   claude hook claude < "{}"
   claude hook claude < "nonsense"
   claude hook claude < "[1]"
   claude hook claude < "{"session_id":"one"}"
   claude hook claude Unknown < "{"session_id":"one","cwd":"{work}"}"
   claude hook claude SessionStart < "{"session_id":5,"cwd":"{work}"}"
   claude hook claude SessionStart < "{"session_id":"one","cwd":"/nowhere"}"
   claude hook claude SessionStart
   claude hook claude PreToolUse < "{"session_id":"one","cwd":"{work}","tool_name":"Edit","tool_input":"x"}"
   claude hook codex Stop < "{"session_id":"one","cwd":"{work}","hook_event_name":"SessionStart"}"
   claude hook claude --json < "{"session_id":"one","cwd":"{work}","hook_event_name":"SessionStart"}"
   desk hook claude < "{"session_id":"two","cwd":"{work}","hook_event_name":"SessionStart"}"
   desk hook generic < "{"event":"start","session_id":"three","vendor":"Bad Name"}"
   desk hook generic < "{"event":"start","vendor":"mytool"}"
   desk hook generic start < "{"session_id":"four","vendor":"mytool","cwd":"{work}","pid":{claude.pid}}"
   desk hook generic start < "{"session_id":"five","vendor":"mytool","cwd":"{work}","pid":-1}"
   desk hook generic end < "{"session_id":"four","vendor":"mytool","cwd":"{work}","reason":"done"}"
   desk hook git pre-commit
   desk hook git
   desk hook git post-commit
   desk status --no-log
   = files home`,
);

/** Several conversations in one process, as Codex's daemon has them. */
const shared: Group = story(
  "hooks-shared",
  ["one", "two", "three"]
    .map((id) => `host hook codex SessionStart < "{"session_id":"${id}","cwd":"{work}"}"`)
    .join("\n") +
    `
   host hook codex UserPromptSubmit < "{"session_id":"two","cwd":"{work}","prompt":"hello"}"
   host CODEX_THREAD_ID=two lock a.txt
   host CODEX_THREAD_ID=one lock a.txt
   host status --no-log
   host* inbox
   desk* status --no-log
   host hook codex SessionEnd < "{"session_id":"two","cwd":"{work}"}"
   desk* status --lifecycle`,
  (stage) => stage.start("host", "codex", { args: ["app-server"] }),
);

export const hooks: readonly Group[] = [...Object.keys(turns).map(vendorGroup), odd, shared];
