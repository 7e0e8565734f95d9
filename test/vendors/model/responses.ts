/** OpenAI's Responses API. */
import { stream, type Answer, type Body, type Call, type Dialect, type Message } from "./model";

export const responses: Dialect = {
  answers: (path) => path.endsWith("/responses"),
  // A title is asked for with the prompt itself, in a given format.
  isTurn: (body) => body.text?.format === undefined,
  messages: (body) => [
    { role: "system", text: body.instructions ?? "" },
    ...body.input.map((item: Body): Message =>
      item.type === "message"
        ? { role: item.role, text: textOf(item.content) }
        : item.type.endsWith("_output")
          ? { role: "tool", text: textOf(item.output) }
          : { role: "assistant", text: item.arguments ?? item.input ?? "" },
    ),
  ],
  respond: (answer, turn, body) => stream(events(answer, turn, body.tools ?? [])),
};

function textOf(content: Body): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part: Body) => part.text ?? "").join("\n");
}

function events(answer: Answer, turn: number, tools: readonly Body[]) {
  const id = `resp_${turn}`;
  const items = [
    ...(answer.text === undefined ? [] : [messageItem(answer.text, turn)]),
    ...(answer.calls ?? []).map((call, index) => callItem(call, `call_${turn}_${index}`, tools)),
  ];
  const usage = {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 20,
  };
  const parts = [
    { type: "response.created", response: { id } },
    ...items.flatMap((item, output_index) => [
      { type: "response.output_item.added", output_index, item },
      { type: "response.output_item.done", output_index, item },
    ]),
    { type: "response.completed", response: { id, usage } },
  ];
  return parts.map((data) => ({ event: data.type, data }));
}

function messageItem(text: string, turn: number) {
  const content = [{ type: "output_text", text, annotations: [] }];
  return { type: "message", role: "assistant", id: `msg_${turn}`, status: "completed", content };
}

/** A tool of free form takes plain text; one of a namespace is named apart from it. */
function callItem({ tool, input }: Call, call_id: string, tools: readonly Body[]) {
  const [namespace, name] = /^(mcp__[a-z]+)__(.+)$/.exec(tool)?.slice(1) ?? [undefined, tool];
  if (tools.some((each) => each.type === "custom" && each.name === name)) {
    return { type: "custom_tool_call", call_id, name, input, status: "completed" };
  }
  return { type: "function_call", call_id, name, namespace, arguments: JSON.stringify(input) };
}
