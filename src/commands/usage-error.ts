/** Makes the errors for arguments that do not go together. */
import { ParleyError } from "../bus/errors";

/** Without a hint the loop adds one that names the help of the verb. */
export const usageError = (problem: string, hint?: string): ParleyError =>
  new ParleyError("invalid", problem, hint === undefined ? {} : { hint });

export const excluding = (one: string, other: string, hint = "give one of them"): ParleyError =>
  usageError(`${one} and ${other} exclude each other`, hint);
