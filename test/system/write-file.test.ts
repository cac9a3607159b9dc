import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { writeFiles, writeWhole, type WriteOptions } from "../../lib/system/write-file.ts";
import { inFolder } from "../_helpers/compose-folder.ts";

const MODES: readonly (readonly [what: string, options: WriteOptions, mode: number])[] = [
  ["an ordinary file", {}, 0o644],
  ["a program", { executable: true }, 0o755],
  ["a confidential file", { confidential: true }, 0o600],
  ["the mode of a source", { mode: 0o100600 }, 0o600],
  ["a mode that a umask would narrow", { mode: 0o666 }, 0o666],
];
for (const [what, options, mode] of MODES) {
  test(`permission bits: ${what}`, async () => {
    await inFolder({ a: "old" }, async (folder) => {
      const umask = process.umask(0o022);
      await writeWhole(join(folder, "a"), "new", options).finally(() => process.umask(umask));
      assert.equal((await stat(join(folder, "a"))).mode & 0o777, mode);
      assert.equal(await readFile(join(folder, "a"), "utf8"), "new");
    });
  });
}

test("several files keep a mode each", async () => {
  await inFolder({}, async (folder) => {
    await writeFiles([
      { path: join(folder, "a"), text: "", mode: 0o600 },
      { path: join(folder, "b"), text: "" },
    ]);
    assert.equal((await stat(join(folder, "a"))).mode & 0o777, 0o600);
    assert.equal((await stat(join(folder, "b"))).mode & 0o777, 0o644);
  });
});
