import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MADE_BY } from "../../lib/archive/layout.ts";
import { refuseForeign, writeArchive } from "../../lib/archive/output.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { run } from "../../lib/system/process.ts";

async function inTemporary(body: (folder: string, file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "archive-"));
  try {
    await body(folder, join(folder, "a.tar"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

test("one file appears whole, with its mode", () =>
  inTemporary(async (folder, file) => {
    assert.deepEqual(await writeArchive(file, chunksOf("abc", "def"), { mode: 0o600 }), [file]);
    assert.deepEqual(await readdir(folder), ["a.tar"]);
    assert.equal(await readFile(file, "utf8"), "abcdef");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  }));

test("parts have at most their size, and a list that sha256sum reads; other forms are removed", () =>
  inTemporary(async (folder, file) => {
    const options = { mode: 0o644, split: 4 };
    await writeArchive(file, chunksOf("abcdefghij"), options);
    assert.deepEqual(await readdir(folder), ["a.tar.001", "a.tar.002", "a.tar.003", "a.tar.sha256"]);
    assert.equal((await run(["sha256sum", "-c", "a.tar.sha256"], { cwd: folder })).code, 0);
    await writeArchive(file, chunksOf("abc", "def", "gh"), options);
    assert.deepEqual(await readdir(folder), ["a.tar.001", "a.tar.002", "a.tar.sha256"]);
    assert.equal(await readFile(join(folder, "a.tar.002"), "utf8"), "efgh");
    await writeArchive(file, chunksOf("abc"), { mode: 0o644 });
    assert.deepEqual(await readdir(folder), ["a.tar"]);
  }));

test("what stops it leaves nothing, and the archive before as it was", () =>
  inTemporary(async (folder, file) => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunksOf("abc", "defgh");
      throw new MirrorError("blob-missing", { digest: "d", folder: "f" });
    }
    await writeFile(file, "before");
    await assert.rejects(writeArchive(file, failing(), { mode: 0o644 }), { code: "blob-missing" });
    await assert.rejects(writeArchive(file, failing(), { mode: 0o644, split: 4 }), { code: "blob-missing" });
    const signal = AbortSignal.abort();
    await assert.rejects(writeArchive(file, chunksOf("x"), { mode: 0o644, signal }), { code: "interrupted" });
    assert.deepEqual(await readdir(folder), ["a.tar"]);
    assert.equal(await readFile(file, "utf8"), "before");
    await assert.rejects(writeArchive(join(folder, "no/a.tar"), chunksOf("x"), { mode: 0o644 }), {
      code: "file-write",
    });
  }));

test("only what export made is replaced", () =>
  inTemporary(async (folder, file) => {
    await refuseForeign(file);
    await writeFile(file, `deploy.sh${"\0".repeat(600)}${MADE_BY}`);
    await refuseForeign(file);
    await writeFile(file, "something else");
    await assert.rejects(refuseForeign(file), { code: "archive-exists" });
    await rm(file);
    await writeFile(join(folder, "a.tar.sha256"), "0000  a.tar\n");
    await assert.rejects(refuseForeign(file), { code: "archive-exists" });
    await assert.rejects(refuseForeign(folder), { code: "archive-exists" });
  }));
