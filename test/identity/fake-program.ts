/** A program under an agent's name: it notes its name and pid, then runs the command behind `::`. */
import { appendFileSync } from "node:fs";
import { basename } from "node:path";

const notes = process.env["FAKE_PROGRAM_NOTES"];
if (notes) appendFileSync(notes, `${basename(process.argv0)} ${process.pid}\n`);
const mark = process.argv.indexOf("::");
// Without its mark the command line would be this script again, without end.
if (mark < 0) throw new Error("no command behind ::");
Bun.spawnSync(process.argv.slice(mark + 1), { stdio: ["ignore", "inherit", "inherit"] });
