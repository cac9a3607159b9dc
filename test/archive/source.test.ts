import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeArchive } from "../../lib/archive/output.ts";
import { openArchive } from "../../lib/archive/source.ts";

async function inTemporary(body: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "archive-"));
  try {
    await body(join(folder, "a.tar"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function* letters(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from("abcdefghij"));
}

test("parts are read as one, from the first part's name or the archive's", () =>
  inTemporary(async (file) => {
    await writeArchive(file, letters(), { mode: 0o644, split: 4 });
    for (const name of [file, `${file}.001`]) {
      const source = await openArchive(name);
      assert.equal(source.size, 10);
      assert.equal(Buffer.from(await source.read(2, 7)).toString(), "cdefghi");
      assert.equal(Buffer.from(await source.read(4, 1)).toString(), "e");
      assert.deepEqual(
        [0, 3, 4, 9].map((at) => source.partAt(at)),
        ["a.tar.001", "a.tar.001", "a.tar.002", "a.tar.003"],
      );
      await source.close();
    }
  }));

test("what is missing is named: a part, the list, the archive", () =>
  inTemporary(async (file) => {
    await assert.rejects(openArchive(file), { code: "archive-missing" });
    await writeArchive(file, letters(), { mode: 0o644, split: 4 });
    await rm(`${file}.002`);
    await assert.rejects(openArchive(file), { code: "archive-part-missing", values: { file: `${file}.002` } });
    await rm(`${file}.sha256`);
    await assert.rejects(openArchive(`${file}.001`), { code: "archive-missing" });
    await mkdir(file);
    await assert.rejects(openArchive(file), { code: "file-read" });
  }));

test("a list that names other files than parts is none", () =>
  inTemporary(async (file) => {
    await writeFile(`${file}.sha256`, `${"a".repeat(64)}  ../../etc/passwd\n`);
    await assert.rejects(openArchive(file), { code: "archive-missing" });
  }));

test("a part that is too short is damaged, wherever it is read", () =>
  inTemporary(async (file) => {
    await writeArchive(file, letters(), { mode: 0o644 });
    const source = await openArchive(file);
    await writeFile(file, "abc");
    await assert.rejects(source.read(0, 10), { code: "archive-damaged" });
    await source.close();
  }));
