/** Doctor's findings about the database. */
import type { DatabaseReport, Finding } from "../bus/doctor";
import { shellQuote } from "../bus/shell";

const elsewhere = "name another place with --db or PARLEY_DB";

export function databaseFindings(report: DatabaseReport): Finding[] {
  const { kind, path, exposed, integrity, writable, remote } = report;
  const [first, ...more] = kindFindings(report);
  if (kind !== "ours" || first === undefined) {
    const isUseful = ["missing", "empty", "seeds", "older"].includes(kind);
    const all = [first, ...more].filter((each) => !!each);
    return isUseful && !writable ? [...all, unwritable(path, remote)] : all;
  }
  const findings: Finding[] = [first];
  const [open] = exposed;
  if (!remote)
    findings.push(
      open
        ? finding(
            "database.permissions",
            "warning",
            `${open.path} has mode ${open.mode}`,
            `run chmod go-rwx ${exposed.map((each) => shellQuote(each.path)).join(" ")}`,
          )
        : finding("database.permissions", "ok", "nobody else can read it"),
    );
  if (!writable) findings.push(unwritable(path, remote));
  if (!remote)
    findings.push(
      integrity === "ok"
        ? finding("database.integrity", "ok", "the quick check found nothing wrong")
        : finding("database.integrity", "error", `damaged: ${integrity}`, damaged(path)),
    );
  return [...findings, ...more];
}

const unwritable = (path: string, remote: boolean): Finding =>
  finding(
    "database.writable",
    "error",
    `${path} cannot be written: nothing can be sent or locked`,
    remote
      ? "name the primary server, or have rights granted"
      : `allow writing it and its directory, or ${elsewhere}`,
  );

function kindFindings(report: DatabaseReport): Finding[] {
  const { path, failure, schema_version, journal_mode, size_bytes, wal_bytes } = report;
  const about = (status: Finding["status"], message: string, remedy?: string): Finding[] => [
    finding("database", status, message, remedy),
  ];
  switch (report.kind) {
    case "missing":
      return about("info", `${path} is not there yet; the first session makes it`);
    case "empty":
      return about("info", `${path} is empty; the first session fills it`);
    case "seeds":
      return about("info", `${path} is of an earlier message bus; the first session takes it over`);
    case "older":
      return about(
        "info",
        `${path} has schema ${schema_version}; the next command brings it up to date`,
      );
    case "newer":
      return about(
        "error",
        `${path} has schema ${schema_version}, which this parley does not know`,
        "install the newer parley here too",
      );
    case "foreign":
      return about("error", `${path} is not a parley database`, elsewhere);
    case "unreadable":
      return /malformed|corrupt/i.test(failure ?? "")
        ? about("error", `${path} is damaged: ${failure}`, damaged(path))
        : about(
            "error",
            `${path} cannot be read: ${failure}`,
            `check its permissions, or ${elsewhere}`,
          );
    case "ours":
      return [
        ...about(
          "ok",
          `${path}, schema ${schema_version}, ${size_bytes + wal_bytes} bytes, journal ${journal_mode}`,
        ),
        ...(journal_mode === "wal"
          ? []
          : [
              finding(
                "database.journal",
                "warning",
                `the journal mode is ${journal_mode}, so readers and writers wait for each other`,
                `run sqlite3 ${shellQuote(path)} "pragma journal_mode = wal"`,
              ),
            ]),
      ];
  }
}

const damaged = (path: string): string =>
  `run parley doctor --repair: it moves ${path} aside and saves what can be read`;

export const finding = (
  check: string,
  status: Finding["status"],
  message: string,
  remedy: string | null = null,
): Finding => ({ check, status, message, remedy });
