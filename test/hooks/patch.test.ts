/** Which files are read from patches and from lines of shell. */
import { describe, expect, test } from "bun:test";

import { filesOfCommand, filesOfPatch } from "../../src/hooks/patch";

const patch = (...lines: string[]): string =>
  ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");

const all = patch(
  "*** Add File: src/new file.ts",
  "+hello",
  "+*** Update File: not/a/header",
  "*** Update File: a.txt",
  "*** Move to: b.txt",
  "@@",
  "-alpha",
  "+beta",
  "*** Delete File: /abs/old.txt",
);
const files = ["src/new file.ts", "a.txt", "b.txt", "/abs/old.txt"];

describe("The files of a patch", () => {
  test("are those added, updated, deleted, moved from and to, and none that its text mentions", () => {
    expect(filesOfPatch(all)).toEqual(files);
  });

  test("are found with Windows' ends of lines, and each once", () => {
    expect(
      filesOfPatch(patch("*** Update File: a", "*** Update File: a").replaceAll("\n", "\r\n")),
    ).toEqual(["a"]);
  });

  test("are found in linear time", () => {
    const spaces = " ".repeat(250_000);
    expect(filesOfPatch(patch(`*** Add File: a${spaces}b`))).toEqual([`a${spaces}b`]);
    expect(filesOfCommand(`apply_patch *** ${"\n".repeat(250_000)}x`)).toEqual([]);
    expect(filesOfCommand(`apply_patch ${"*** Begin Patch".repeat(50_000)}`)).toEqual([]);
  });

  test("are no more than 200", () => {
    const many = Array.from({ length: 500 }, (_, n) => `*** Add File: f${n}`);
    expect(filesOfPatch(patch(...many))).toHaveLength(200);
  });
});

describe("The files of a line of shell", () => {
  test.each([
    ["a heredoc with a quoted end", `apply_patch <<'EOF'\n${all}\nEOF`],
    ["a heredoc with a bare end", `apply_patch <<EOF\n${all}\nEOF\n`],
    ["a heredoc with another end", `apply_patch << "PATCH"\n${all}\nPATCH`],
    ["a heredoc inside bash -lc", `bash -lc "apply_patch <<'EOF'\n${all}\nEOF"`],
    ["a heredoc after other commands", `set -e; make && apply_patch <<'EOF'\n${all}\nEOF\nls`],
    ["an argument", `apply_patch '${all}'`],
    ["an argument with escaped newlines", `apply_patch $'${all.replaceAll("\n", "\\n")}'`],
    ["a path to the program", `/opt/codex/apply_patch <<EOF\n${all}\nEOF`],
    ["a pipe", `cat <<'EOF' | apply_patch\n${all}\nEOF`],
  ])("are found in %s", (_, command) => {
    expect(filesOfCommand(command)).toEqual(files);
  });

  test.each([
    ["cd sub && apply_patch <<EOF\n", "sub/a"],
    ["cd 'my dir' && apply_patch <<EOF\n", "my dir/a"],
    [`bash -lc "cd x/y; cd z && apply_patch <<EOF\n`, "x/y/z/a"],
    ["cd /abs && apply_patch <<EOF\n", "/abs/a"],
    ["cd -- my\\ dir || exit 1\npushd b; apply_patch <<EOF\n", "my dir/b/a"],
    ["(cd x && make); (cd y && apply_patch <<EOF\n", "y/a"],
  ])("lie where the shell is by then: %j", (before, path) => {
    expect(filesOfCommand(`${before}${patch("*** Update File: a")}\nEOF`)).toEqual([path]);
  });

  test("of several patches lie where each is applied", () => {
    const [a, b, c] = ["a", "b", "c"].map((file) => patch(`*** Update File: ${file}`, "+cd no &&"));
    expect(
      filesOfCommand(
        `cd x && apply_patch <<EOF\n${a}\nEOF\n(cd ../y && apply_patch <<EOF\n${b}\nEOF\n)\napply_patch '${c}'`,
      ),
    ).toEqual(["x/a", "x/../y/b", "x/c"]);
    expect(filesOfCommand(`cat > p <<EOF\n${a}\nEOF\ncd x && apply_patch < ../p`)).toEqual(["x/a"]);
  });

  test.each([
    "ls -la",
    "cat apply_patch.md",
    "grep '*** Update File: a.txt' notes",
    `echo "${all}" > patch.txt`,
    "git apply x.patch",
  ])("are none in %j", (command) => {
    expect(filesOfCommand(command)).toEqual([]);
  });
});
