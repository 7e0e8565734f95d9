/** Counted nouns in English, and words quoted for a POSIX shell. */

/** `1 file lock`, `2 file locks`, `0 alerts`. */
export const count = (n: number, noun: string, plural = `${noun}s`): string =>
  `${n} ${n === 1 ? noun : plural}`;

/** One word for a POSIX shell, always quoted. */
export const shellQuote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
