/** The options of every verb. */

/** Options that every verb takes, anywhere before `--`. The shape is citty's. */
export const globalArgs = {
  json: { type: "boolean", description: "Answer with one line of JSON" },
  db: {
    type: "string",
    valueHint: "PATH",
    description: "Database to use: a file, or a postgres:// URL (PARLEY_DB)",
  },
  session: { type: "string", valueHint: "ID", description: "Session to act for (PARLEY_SESSION)" },
  as: { type: "string", valueHint: "operator", description: "Act as the human at this machine" },
  help: { type: "boolean", alias: "h", description: "Show help" },
  version: { type: "boolean", alias: "v", description: "Show the version" },
} as const;
