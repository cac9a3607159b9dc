import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isMissing, readRegularFile } from "../../lib/system/read-file.ts";
import { run } from "../../lib/system/process.ts";
import { writeWhole } from "../../lib/system/write-file.ts";

async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "read-"));
  try {
    await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("a regular file is read up to the limit", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    await writeFile(file, "x".repeat(200_000));
    assert.equal((await readRegularFile(file, 200_000)).length, 200_000);
    await assert.rejects(readRegularFile(file, 199_999), { code: "file-read", exit: 2 });
    await writeFile(file, "");
    assert.equal((await readRegularFile(file, 10)).length, 0);
  }));

test("a FIFO, a device and a folder are refused at once", () =>
  inFolder(async (folder) => {
    const fifo = join(folder, "fifo");
    assert.equal((await run(["mkfifo", fifo])).code, 0);
    for (const path of [fifo, "/dev/zero", folder]) {
      await assert.rejects(readRegularFile(path, 10), { code: "file-read" });
    }
  }));

test("a missing file is told from one that cannot be read", () =>
  inFolder(async (folder) => {
    const missing = await readRegularFile(join(folder, "none"), 10).catch((error: unknown) => error);
    const refused = await readRegularFile(folder, 10).catch((error: unknown) => error);
    assert.deepEqual([isMissing(missing), isMissing(refused)], [true, false]);
  }));

test("a file is written with the exact mode it is given", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    for (const mode of [0o600, 0o640, 0o664]) {
      await writeWhole(file, "x", { mode });
      assert.equal((await stat(file)).mode & 0o777, mode);
    }
  }));
