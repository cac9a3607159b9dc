import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { readRegular } from "../../lib/system/read-file.ts";
import { inFolder } from "../_helpers/compose-folder.ts";

test("a regular file is read whole, through a link too, with its permission bits", async () => {
  await inFolder({ "a.txt": "text", empty: "" }, async (folder) => {
    await chmod(join(folder, "a.txt"), 0o640);
    await symlink("a.txt", join(folder, "link"));
    const { bytes, mode } = await readRegular(join(folder, "link"), 4);
    assert.deepEqual([bytes.toString(), mode], ["text", 0o640]);
    assert.equal((await readRegular(join(folder, "empty"), 4)).bytes.length, 0);
  });
});

test("/dev/null is an empty file", async () => {
  assert.equal((await readRegular("/dev/null", 0)).bytes.length, 0);
});

test("more than the limit is refused, also where the size is not told beforehand", async () => {
  await inFolder({ "a.txt": "12345" }, async (folder) => {
    await assert.rejects(readRegular(join(folder, "a.txt"), 4), { code: "file-large", exit: 2 });
  });
  // Files of /proc say that they are empty.
  await assert.rejects(readRegular("/proc/self/status", 16), { code: "file-large" });
  assert.match((await readRegular("/proc/self/status", 1 << 20)).bytes.toString(), /^Name:/);
});

test("what is no regular file is refused in words, without waiting for it", async () => {
  await inFolder({ "folder/x": "" }, async (folder) => {
    execFileSync("mkfifo", [join(folder, "fifo")]);
    const server = createServer().listen(join(folder, "socket"));
    await new Promise((done) => server.once("listening", done));
    try {
      const refused: readonly (readonly [string, RegExp])[] = [
        [join(folder, "folder"), /folder|directory/],
        [join(folder, "fifo"), /FIFO/],
        [join(folder, "socket"), /socket/],
        ["/dev/zero", /device/],
        [join(folder, "missing"), /ENOENT|no such file/i],
      ];
      for (const [file, message] of refused) {
        await assert.rejects(readRegular(file, 1 << 20), { code: "file-read", exit: 2, message });
      }
    } finally {
      await new Promise((done) => server.close(done));
    }
  });
});
