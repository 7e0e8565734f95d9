/** Settings of a SQLite connection. */

/** How long SQLite itself waits for a lock, in milliseconds (R5); our retries come on top. */
export const busyTimeout = 3000;
/** The same for a hook, which an agent waits for. */
export const impatientTimeout = 100;

/** How long a reader waits for the lock, to tidy up by the way, in milliseconds. */
export const tidyingPatience = 250;

/** Length that the write-ahead log is kept to, in pages of 4 KiB and in bytes. It grew to 4 MB with the defaults. */
export const walPages = 64;
export const walBytes = walPages * 4096;
