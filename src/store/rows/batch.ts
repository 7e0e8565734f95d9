/** How large the batches of a clean-up are. */

/** How long a batch should keep the other writers out, in milliseconds. */
const target = 20;
/** Rows of the first batch of a kind, and of the largest. */
export const firstBatch = 10;
const largestBatch = 10_000;

/** Rows of the batch after one of so many, which kept the others out for so many milliseconds. */
export function nextBatch(rows: number, held: number): number {
  const fitting = Math.round(rows * Math.min(4, target / held));
  return Math.min(largestBatch, Math.max(firstBatch, fitting));
}
