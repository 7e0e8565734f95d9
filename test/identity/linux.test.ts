/** Parsing of `/proc/PID/stat`. */
import { expect, test } from "bun:test";

import { parseStat, terminal } from "../../src/identity/linux";

const rest =
  "S 7 11 11 34819 11 4194304 97 0 0 0 0 0 0 0 20 0 1 0 127124 3133440 358 1 555 999 777 0 0";

test.each([["claude"], ["(sd-pam)"], ["a) S 1 (b"], ["two\nlines"], ["tmux: server"], [""]])(
  "the name %j is read from its stat line",
  (comm) => {
    expect(parseStat(`42 (${comm}) ${rest}\n`)).toEqual({
      pid: 42,
      ppid: 7,
      comm,
      state: "S",
      start_ticks: "127124",
      tty: "/dev/pts/3",
      image: "555:777",
    });
  },
);

test("the hidden addresses of another user's process leave the image unknown", () => {
  expect(parseStat(`42 (x) ${rest.replace("555 999 777", "1 1 0")}`)?.image).toBe("");
});

test.each(["", "42", "42 (x", "x (y) S 1", "42 (x) S 1"])("a cut line is nothing: %j", (line) => {
  expect(parseStat(line)).toBeNull();
});

test.each([
  [0, null],
  [(136 << 8) | 3, "/dev/pts/3"],
  [(137 << 8) | 3, "/dev/pts/259"],
  [(136 << 8) | (1 << 20) | 44, "/dev/pts/300"],
  [(4 << 8) | 1, "/dev/tty1"],
  [(4 << 8) | 65, "/dev/ttyS1"],
  [(5 << 8) | 1, null],
])("device %i is the terminal %p", (device, name) => {
  expect(terminal(device)).toBe(name);
});
