/** View of `migrate`. */
import type { Copied, MigrationResult } from "../bus/migration";
import { count } from "./format";
import { oneLine } from "./text";

export const render = ({ from, to, copied, present }: MigrationResult): string[] => [
  `Copied: ${list(copied)}`,
  `There already: ${list(present)}`,
  `From ${oneLine(from)}, which stays as it is, to ${oneLine(to)}`,
];

const list = ({ sessions, messages, locks, claims }: Copied): string =>
  [
    count(sessions, "session"),
    count(messages, "message"),
    count(locks, "file lock"),
    count(claims, "task claim"),
  ].join(", ");
