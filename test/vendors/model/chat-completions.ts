/** OpenAI's chat completions, streamed. */
import { stream, type Answer, type Body, type Dialect, type Message } from "./model";

export const chatCompletions: Dialect = {
  answers: (path) => path.endsWith("/chat/completions"),
  isTurn: (body) => (body.tools ?? []).length > 0,
  messages: (body) =>
    body.messages.map(({ role, content, tool_calls }: Body): Message => ({
      role,
      text: [textOf(content), ...(tool_calls ?? []).map(argumentsOf)].filter(Boolean).join("\n"),
    })),
  respond: (answer, turn, body) => stream(events(answer, turn, body.model)),
};

function textOf(content: Body): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part: Body) => part.text ?? "").join("\n");
}

const argumentsOf = (call: Body): string => call.function.arguments;

function events(answer: Answer, turn: number, model: string) {
  const tool_calls = (answer.calls ?? []).map(({ tool, input }, index) => ({
    index,
    id: `call_${turn}_${index}`,
    type: "function",
    function: { name: tool, arguments: JSON.stringify(input) },
  }));
  const chunk = { id: `chat_${turn}`, object: "chat.completion.chunk", created: 0, model };
  const delta = {
    role: "assistant",
    content: answer.text ?? null,
    ...(tool_calls.length > 0 ? { tool_calls } : {}),
  };
  const finish_reason = tool_calls.length > 0 ? "tool_calls" : "stop";
  const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
  return [
    { data: { ...chunk, choices: [{ index: 0, delta, finish_reason: null }] } },
    { data: { ...chunk, choices: [{ index: 0, delta: {}, finish_reason }] } },
    { data: { ...chunk, choices: [], usage } },
    { data: "[DONE]" },
  ];
}
