/** Quotes words for a POSIX shell, and tells how to start this program. */

/** One word for a POSIX shell, always quoted. */
export const shellQuote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Whether this is the compiled program, not Bun with the sources. */
export const isCompiled = (): boolean => /^(\/\$bunfs\/|[A-Z]:[/\\]~BUN)/.test(Bun.main);

/** Starts this program: a compiled one is one file, the sources need Bun and their entry point. */
export const ownCommand = (): [program: string, ...entryPoint: string[]] =>
  isCompiled() ? [process.execPath] : [process.execPath, Bun.main];
