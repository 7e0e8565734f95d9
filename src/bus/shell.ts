/** Quoting of words for a POSIX shell. */

/** One word for a POSIX shell, always quoted. */
export const shellQuote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
