/** Clock, percentiles and tables of the measurements. */

/**
 * Milliseconds on a clock that all processes of a machine share, so that they can be compared across processes.
 * `process.hrtime` cannot be: in Bun 1.4.5 it counts from the beginning of each process.
 */
export const monotonic = (): number => performance.timeOrigin + performance.now();

/** The value below which this share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Summary {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

export const summary = (samples: readonly number[]): Summary => ({
  count: samples.length,
  p50: percentile(samples, 0.5),
  p99: percentile(samples, 0.99),
  max: percentile(samples, 1),
});

/** A number with three significant digits, whatever its size. */
export const figure = (n: number): string =>
  !Number.isFinite(n) ? "–" : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2);

/** Prints a Markdown table, which a page can quote. */
export function printTable(title: string, rows: readonly Record<string, string | number>[]): void {
  const names = Object.keys(rows[0] ?? {});
  const text = (value: string | number | undefined): string =>
    typeof value === "number" ? figure(value) : (value ?? "");
  const widths = names.map((name) =>
    Math.max(name.length, 3, ...rows.map((row) => text(row[name]).length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  console.log(`\n### ${title}\n`);
  console.log(line(names));
  console.log(line(widths.map((width) => "-".repeat(width))));
  for (const row of rows) console.log(line(names.map((name) => text(row[name]))));
}
