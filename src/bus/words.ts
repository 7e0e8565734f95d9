/** Counted nouns in English. */

/** `1 file lock`, `2 file locks`, `0 alerts`. */
export const count = (n: number, noun: string, plural = `${noun}s`): string =>
  `${n} ${n === 1 ? noun : plural}`;
