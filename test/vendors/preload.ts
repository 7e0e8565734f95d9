/** Gives the tests with real clients more time. */
import { setDefaultTimeout } from "bun:test";

// A story starts clients, which take seconds each on a machine that runs others.
setDefaultTimeout(240_000);
