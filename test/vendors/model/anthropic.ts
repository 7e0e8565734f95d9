/** Anthropic's Messages API. */
import { stream, type Answer, type Body, type Dialect, type Message } from "./model";

export const anthropic: Dialect = {
  answers: (path) => path.endsWith("/v1/messages"),
  isTurn: (body) => (body.tools ?? []).length > 0,
  messages: (body) => [
    { role: "system", text: textOf(body.system) },
    ...body.messages.flatMap(unfold),
  ],
  respond: (answer, turn, body) => stream(events(answer, turn, body.model)),
};

/** A tool's results travel in messages of the user. */
function unfold({ role, content }: Body): Message[] {
  if (typeof content === "string") return [{ role, text: content }];
  return content.map((block: Body): Message =>
    block.type === "tool_result"
      ? { role: "tool", text: textOf(block.content) }
      : {
          role,
          text: block.type === "tool_use" ? JSON.stringify(block.input) : (block.text ?? ""),
        },
  );
}

function textOf(content: Body): string {
  if (content == null) return "";
  if (typeof content === "string") return content;
  return content.map((block: Body) => block.text ?? "").join("\n");
}

function events(answer: Answer, turn: number, model: string) {
  const blocks = [
    ...(answer.text === undefined ? [] : [textBlock(answer.text)]),
    ...(answer.calls ?? []).map((call, index) => ({
      start: { type: "tool_use", id: `toolu_${turn}_${index}`, name: call.tool, input: {} },
      delta: { type: "input_json_delta", partial_json: JSON.stringify(call.input) },
    })),
  ];
  const usage = { input_tokens: 10, output_tokens: 10 };
  const message = { id: `msg_${turn}`, type: "message", role: "assistant", model, content: [] };
  const stop = answer.calls?.length ? "tool_use" : "end_turn";
  const parts = [
    {
      type: "message_start",
      message: { ...message, stop_reason: null, stop_sequence: null, usage },
    },
    ...blocks.flatMap(({ start, delta }, index) => [
      { type: "content_block_start", index, content_block: start },
      { type: "content_block_delta", index, delta },
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage },
    { type: "message_stop" },
  ];
  return parts.map((data) => ({ event: data.type, data }));
}

const textBlock = (text: string) => ({
  start: { type: "text", text: "" },
  delta: { type: "text_delta", text },
});
