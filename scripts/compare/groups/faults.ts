/** Databases that are busy, damaged, foreign, newer, of earlier generations or out of reach. */
import { Database } from "bun:sqlite";
import { mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { type Group, story } from "../group";
import { play } from "../script";
import type { Stage } from "../stage";
import { generations } from "../generations";

function made(stage: Stage, name: string, sql: string): void {
  const path = join(stage.work, name);
  mkdirSync(dirname(path), { recursive: true });
  using database = new Database(path);
  database.run(sql);
}

const adoption: Group = {
  name: "adoption",
  only: "file",
  async play(stage) {
    for (const [name, sql] of Object.entries(generations)) {
      const at = `PARLEY_DB={work}/${name}/messaging.db`;
      made(stage, `${name}/messaging.db`, sql);
      await play(
        stage,
        `desk* ${at} status --no-log
         desk ${at} doctor
         claude* ${at} register
         claude* ${at} status --no-log --verbose
         claude* ${at} poll state
         claude* ${at} conflicts --all
         claude* ${at} rescue
         claude* ${at} cleanup`,
      );
      await stage.database(join(stage.work, name, "messaging.db"));
    }
  },
};

const odd: Group = {
  name: "odd-files",
  only: "file",
  async play(stage) {
    made(stage, "foreign.db", "create table notes (text); insert into notes values ('mine')");
    made(
      stage,
      "newer.db",
      "create table _schema_version (version integer primary key, applied_at text); insert into _schema_version values (99, '2030-01-01')",
    );
    writeFileSync(join(stage.work, "text.db"), "this is no database, only text\n".repeat(200));
    writeFileSync(join(stage.work, "empty.db"), "");
    mkdirSync(join(stage.work, "directory.db"));
    const names = [
      ...["foreign.db", "newer.db", "text.db", "directory.db", "none/deep/new.db"],
      "text.db/x.db",
    ];
    const paths = [...names, "empty.db"].map((name) => `{work}/${name}`);
    for (const path of [...paths, "/dev/null", "/dev/null/x.db"])
      await play(
        stage,
        `desk* status --no-log --db ${path}
         claude* register --db ${path}
         desk* doctor --db ${path}
         desk* inbox --as operator --db ${path}`,
      );
    await play(stage, `desk* status --db ~/own.db\nclaude register --db ~/own.db\n= files`);
  },
};

const damaged: Group = {
  name: "damaged",
  only: "file",
  async play(stage) {
    await play(
      stage,
      `claude register
       codex register
       claude message {codex} "before the damage"
       codex lock a.txt
       claude claim H.1`,
    );
    // The log is brought home, and then the file loses its last pages.
    const database = new Database(stage.db);
    database.run("pragma wal_checkpoint(truncate)");
    database.close();
    truncateSync(stage.db, statSync(stage.db).size - 8 * 4096);
    await play(
      stage,
      `desk* status --no-log
       claude* inbox
       claude* message {codex} hello
       desk* doctor
       desk* doctor --repair
       desk* doctor
       desk* status --no-log
       claude register
       claude* hook claude < "{}"
       = files home`,
    );
  },
};

/** Another process holds the write lock for longer than anybody waits. */
const busy: Group = {
  name: "busy",
  only: "file",
  async play(stage) {
    await play(stage, "claude register\ncodex register\ngemini register");
    const holder = new Database(stage.db);
    holder.run("begin immediate");
    await play(
      stage,
      `claude& message {codex} hello
       codex& lock a.txt --json
       gemini& inbox
       desk& cleanup --json
       claude& hook claude UserPromptSubmit < "{"session_id":"one","cwd":"/tmp"}"`,
    );
    holder.run("rollback");
    holder.close();
    await play(stage, "claude status --no-log\n= files home");
  },
};

const away = story(
  "away",
  `desk* status --db postgres://127.0.0.1:1/none
   desk* register --llm claude --db postgres://you:secret@127.0.0.1:1/none
   desk* doctor --db postgres://127.0.0.1:1/none
   desk* status --db postgres://
   desk* status --db "postgres://127.0.0.1:1/none?schema=No-Good"
   desk* migrate --from {work}/none.db --to {work}/other.db
   desk PARLEY_ALLOW_NETWORK_FS=1 PARLEY_SCHEMA=other status
   claude hook claude SessionStart < "{"session_id":"one","cwd":"/tmp"}"
   desk HOME= status
   desk HOME=relative status
   desk XDG_DATA_HOME={work}/data register --llm claude
   = files`,
);

/** A bus in a file is copied to the server, again after more has come, and goes on there. */
const migration: Group = {
  name: "migration",
  only: "server",
  async play(stage) {
    const at = "PARLEY_DB={work}/bus.db";
    await play(
      stage,
      `claude ${at} register --name ann
       codex ${at} register
       claude ${at} message {codex} first
       codex ${at} inbox
       codex ${at} message ann second --reply-to 3
       codex ${at} lock a.txt --ttl 1h
       claude ${at} claim H.1
       desk* migrate --from {work}/bus.db --to {db}
       claude ${at} message {codex} third
       desk* migrate --from {work}/bus.db --to {db}
       desk* migrate --from {work}/none.db --to {db}
       desk* migrate --from {work}/bus.db --to postgres://127.0.0.1:1/none
       claude* inbox
       codex* status --no-log --verbose
       desk* doctor`,
    );
    await stage.database(join(stage.work, "bus.db"));
  },
};

export const faults: readonly Group[] = [adoption, odd, damaged, busy, away, migration];
