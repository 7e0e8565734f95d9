/** Maps the names that the binary may be called by to verbs, and words hints accordingly. */
import type { Vocabulary } from "../render/style";

/** The seeds' names of verbs. The binary runs the verb by whose name it is called. */
const verbsByName: Record<string, string> = {
  "session-register": "register",
  "session-status": "status",
  "session-message": "message",
  "session-conflicts": "conflicts",
  "session-rescue": "rescue",
  "session-log": "log",
  orient: "orient",
  cxq: "cxq",
};

export const seedNames: readonly string[] = Object.keys(verbsByName);

/** The verb that a name stands for; null where the first word of the arguments is the verb. */
export const verbOfName = (name: string): string | null =>
  Object.hasOwn(verbsByName, name) ? (verbsByName[name] ?? null) : null;

export function vocabularyOf(name: string): Vocabulary {
  const seeds = verbOfName(name) !== null;
  return (verb, rest) => {
    const words = (seeds && seedWords(verb)) || `parley ${verb}`;
    return rest ? `${words} ${rest}` : words;
  };
}

function seedWords(verb: string): string | null {
  // The seeds read mail through their query tool, which has no verb of its own here.
  if (verb === "inbox") return "/cxq --bus-unread";
  const name = Object.keys(verbsByName).find((candidate) => verbsByName[candidate] === verb);
  return name ? `/${name}` : null;
}
