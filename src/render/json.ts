/** Renders the envelope of `--json` and the lines of its streams. */
import type { ParleyError, Warning } from "../bus/errors";
import { unsafe } from "./text";

/** JSON on one line, safe to print: what `JSON.stringify` leaves raw of the unsafe characters is escaped. */
const line = (value: unknown): string =>
  `${JSON.stringify(value).replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )}\n`;

/** `{"ok":true,"data":…}`, with `warnings` where there are any. */
export const envelope = (data: unknown, warnings: Warning[] = []): string =>
  line({ ok: true, data, ...(warnings.length > 0 ? { warnings } : {}) });

/** `{"ok":false,"error":{"code","message","hint"?,"details"?}}` */
export function errorEnvelope(error: ParleyError): string {
  const { code, message, hint, details } = error;
  return line({ ok: false, error: { code, message, hint, details } });
}

/** One line of a stream. */
export const ndjson = (item: { type: string }): string => line(item);
