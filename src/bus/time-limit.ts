/** A time limit for a promise. */

/**
 * The promise's value, or null where it takes longer; then `onTimeout` is called first. No timer is left to keep the
 * process waiting.
 */
export async function withTimeLimit<T>(
  milliseconds: number,
  promise: Promise<T>,
  onTimeout: () => void = () => {},
): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => {
    onTimeout();
    late.resolve(null);
  }, milliseconds);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
