/** Runs the command line and sets the exit code. */
import { createIo } from "./cli/io";
import { run } from "./cli/run";

// Without a top-level await, with which what this module shares with others would be loaded in pieces (0.7 ms).
void run(process.argv.slice(2), createIo()).then((exitCode) => (process.exitCode = exitCode));
