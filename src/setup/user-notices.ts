/** What more than one agent's user is told. */

/** What more than one agent's user is told after a change. */
export const startAgain = "sessions that are running have to be started again";
export const asksForTools = "it may ask before it uses a tool of the parley server";
export const namesProgram =
  "the files name this machine's parley: keep them out of a shared repository";
