/** What only Codex does: patches that its shell tool applies. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { codex } from "./drivers/codex";
import { isInstalled } from "./drivers/driver";
import { gate } from "./model/model";
import { Sandbox } from "./sandbox";

const story = test.skipIf(!isInstalled(codex));

story(
  "a patch by heredoc in the shell is refused as an edit is, and goes through afterwards",
  async () => {
    await using sandbox = new Sandbox([codex]);
    await sandbox.setUp();
    const model = sandbox.model(codex);
    const file = sandbox.file("a.txt", "alpha\n");
    const leave = gate();
    model.script("hold it", [...codex.edit(file, "alpha", "beta"), leave.before({ text: "well" })]);
    const holder = sandbox.start(codex, "hold it");
    await model.asked("hold it", 2);

    const [begin, end] = ["*** Begin Patch", "*** End Patch"];
    const patch = `${begin}\n*** Update File: a.txt\n@@\n-beta\n+gamma\n${end}`;
    const call = codex.shell(`cd ${sandbox.work} && apply_patch <<'EOF'\n${patch}\nEOF`);
    model.script("patch it", [call, { text: "well" }]);
    await sandbox.prompt(codex, "patch it");
    expect(readFileSync(file, "utf8")).toBe("beta\n");
    const results = model
      .of("patch it")
      .at(-1)!
      .messages.filter(({ role }) => role === "tool");
    expect(results.at(-1)!.text).toContain(`held by session codex-${holder.pid}`);

    leave.open();
    await holder.ended;
    model.script("patch it now", [call, { text: "well" }]);
    await sandbox.prompt(codex, "patch it now");
    expect(readFileSync(file, "utf8")).toBe("gamma\n");
  },
);
