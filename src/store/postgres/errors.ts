/** Errors of PostgreSQL and its driver, in the words of the bus. */
import { SQL } from "bun";

import { ParleyError } from "../../bus/errors";

/** How long an operation may wait for the server, all retries together, in milliseconds. */
export const deadline = 10_000;

/** The server took longer than the deadline, and nothing came back. */
export class NoAnswer extends Error {}

/** The connection was lost while a commit was unanswered, and the server could not be asked what became of it. */
export class UnknownOutcome extends Error {}

/** The server's SQLSTATE, else the driver's own code; null for an error of neither. */
export function codeOf(error: unknown): string | null {
  if (error instanceof SQL.PostgresError) return String(error.errno ?? error.code);
  // Certificates that are not accepted are plain errors with a code.
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : null;
}

/** 25P03: it said nothing for too long inside a transaction. */
const lost = /^(ERR_POSTGRES_CONNECTION_(CLOSED|FAILED)|57P01|57P02|25P03|08\w{3})$/;
const unreachable = /^(ERR_POSTGRES_CONNECTION_(REFUSED|TIMEOUT)|ECONN\w+|ENOENT|EPIPE|ETIMEDOUT)$/;
/** Starting up or shutting down; too many connections; a deadlock, or one of two that cannot be put in an order. */
const passing = /^(57P03|53300|40P01|40001)$/;

/**
 * Somebody else's statement has the name of ours, or nobody's: a pooler gives each transaction another connection. The
 * server calls it a violation of the protocol where the other one takes other parameters.
 */
const isMixedUp = (error: unknown): boolean => {
  const code = codeOf(error) ?? "";
  const said = error instanceof Error ? error.message : "";
  return /^(42P05|26000)$/.test(code) || (code === "08P01" && said.includes("prepared statement"));
};

/** Our connection is gone, and with it what was not committed. */
export const isLost = (error: unknown): boolean =>
  lost.test(codeOf(error) ?? "") && !isMixedUp(error);

/**
 * Worth another attempt, which begins anew. A server that was never reached is not waited for: it is more likely
 * named wrongly than being restarted.
 */
export function isPassing(error: unknown, reached: boolean): boolean {
  const code = codeOf(error) ?? "";
  return isLost(error) || passing.test(code) || (reached && unreachable.test(code));
}

/** Tables or the schema are not there. */
export const isMissing = (error: unknown): boolean =>
  ["42P01", "3F000"].includes(codeOf(error) ?? "");

interface Wording {
  code: ConstructorParameters<typeof ParleyError>[0];
  message: string;
  hint: string;
}

/** Turns what the driver throws into our vocabulary, without secrets; our own errors pass. */
export function translated(error: unknown, location: string): unknown {
  if (error instanceof ParleyError) return error;
  const code = codeOf(error);
  const wording = wordingOf(error, code, location);
  if (wording === null) return error;
  return new ParleyError(wording.code, wording.message, {
    hint: wording.hint,
    details: { database: location, ...(code === null ? {} : { postgres: code }) },
    cause: error,
  });
}

function wordingOf(error: unknown, code: string | null, location: string): Wording | null {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof UnknownOutcome) {
    return {
      code: "busy",
      message: `The connection to ${location} was lost while it was answering: it is not known whether this was done`,
      hint: "look before you try again",
    };
  }
  if (error instanceof NoAnswer) {
    return {
      code: "busy",
      message: `No answer from ${location} for ${deadline / 1000} s`,
      hint: "look before you try again, since it may have been done; the server may be overloaded or out of reach",
    };
  }
  if (code === null) return null;
  if (code === "55P03" || code === "57014") {
    return {
      code: "busy",
      message: `${location} was busy: ${said}`,
      hint: "try again; a transaction that holds the lock of the writers this long may be stuck",
    };
  }
  if (isMixedUp(error)) {
    return {
      code: "invalid",
      message: `${location} mixes up prepared statements, as a pooler does: ${said}`,
      hint: "add ?prepare=false to the URL, or set max_prepared_statements of PgBouncer 1.21 or newer",
    };
  }
  if (lost.test(code) || unreachable.test(code) || passing.test(code)) {
    return {
      code: "busy",
      message: `Cannot reach ${location}: ${said}`,
      hint: "check that the PostgreSQL server runs there and can be reached; nothing was changed",
    };
  }
  return refusalOf(code, said, location);
}

function refusalOf(code: string, said: string, location: string): Wording | null {
  const refused = (why: string, hint: string): Wording => ({
    code: "not_permitted",
    message: `${location} ${why}: ${said}`,
    hint,
  });
  if (code === "3D000") {
    return {
      code: "not_found",
      message: `There is no such database: ${location}`,
      hint: "make it with createdb, or name another with --db or PARLEY_DB",
    };
  }
  if (code === "28000" && /no encryption|SSL off/i.test(said)) {
    return refused("demands TLS", "add ?sslmode=require, or better verify-full, to the URL");
  }
  if (
    code.startsWith("28") ||
    /AUTHENTICATION|SASL|CHANNEL_BINDING|SERVER_(KEY|SIGNATURE)/.test(code)
  ) {
    return refused("refuses the login", "check user and password (in the URL, or PGPASSWORD)");
  }
  if (/TLS|CERT|SELF_SIGNED|ISSUER/.test(code)) {
    return refused("cannot be spoken to over TLS", "check sslmode and sslrootcert in the URL");
  }
  if (code === "25006") {
    return refused("allows no writing", "it may be a standby: name the primary server instead");
  }
  if (code === "42501") {
    return refused(
      "refuses the right",
      "have its owner grant usage of the schema and select, insert, update, delete on its tables; the first use also needs create on the database",
    );
  }
  if (code === "53100") return refused("has no space left", "free some space on the server");
  if (/^XX00[12]$/.test(code)) {
    return {
      code: "internal",
      message: `The database ${location} is damaged: ${said}`,
      hint: "restore it from a backup",
    };
  }
  return null;
}
