/** Gemini's `generateContent`, at once or streamed. */
import { stream, type Answer, type Body, type Dialect, type Message } from "./model";

export const generateContent: Dialect = {
  answers: (path) => /:(streamG|g)enerateContent$/.test(path),
  isTurn: (body) => (body.tools ?? []).length > 0,
  messages: (body) => [
    { role: "system", text: textOf(body.systemInstruction?.parts) },
    ...body.contents.flatMap(unfold),
  ],
  respond: (answer, turn, _, path) => {
    const data = response(answer, turn);
    return path.endsWith(":streamGenerateContent") ? stream([{ data }]) : Response.json(data);
  },
};

/** A tool's results travel in messages of the user. */
function unfold({ role, parts }: Body): Message[] {
  return parts.map((part: Body): Message => {
    if (part.functionResponse) {
      const { output, error } = part.functionResponse.response;
      return { role: "tool", text: output ?? error ?? "" };
    }
    if (part.functionCall) return { role: "assistant", text: JSON.stringify(part.functionCall) };
    return { role: role === "model" ? "assistant" : "user", text: part.text ?? "" };
  });
}

const textOf = (parts: Body): string =>
  (parts ?? []).map((part: Body) => part.text ?? "").join("\n");

function response(answer: Answer, turn: number) {
  const parts = [
    ...(answer.text === undefined ? [] : [{ text: answer.text }]),
    ...(answer.calls ?? []).map(({ tool, input }, index) => ({
      functionCall: { id: `call_${turn}_${index}`, name: tool, args: input },
    })),
  ];
  return {
    candidates: [{ content: { role: "model", parts }, finishReason: "STOP", index: 0 }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 20 },
  };
}
