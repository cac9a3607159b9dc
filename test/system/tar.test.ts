import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { tar, type TarEntry } from "../../lib/system/tar.ts";
import { run } from "../../lib/system/process.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ENTRIES: readonly TarEntry[] = [
  { name: "empty", mode: 0o644, bytes: bytes("") },
  { name: "a b/ü'$(x).conf", mode: 0o600, bytes: bytes("one\n") },
  { name: "run.sh", mode: 0o755, bytes: bytes("x".repeat(512)) },
  { name: `${"deep/".repeat(19)}name.txt`, mode: 0o644, bytes: bytes("y".repeat(513)) },
  { name: `${"d".repeat(90)}/${"e".repeat(80)}/ü`, mode: 0o644, bytes: bytes("long") },
];

test("tar reads it back: names, bytes, permissions", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tar-"));
  try {
    const { code, stderr } = await run(["tar", "-xf", "-", "-C", folder], { input: Readable.from([tar(ENTRIES)]) });
    assert.deepEqual([code, stderr], [0, ""]);
    for (const { name, mode, bytes: content } of ENTRIES) {
      assert.deepEqual(new Uint8Array(readFileSync(join(folder, name))), content, name);
      assert.equal(statSync(join(folder, name)).mode & 0o777, mode, name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the same files give the same bytes, in whole blocks", () => {
  const archive = tar(ENTRIES);
  assert.deepEqual(archive, tar(ENTRIES));
  assert.equal(archive.length % 512, 0);
  assert.equal(tar([]).length, 1024);
});
