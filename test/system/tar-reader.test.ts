import assert from "node:assert/strict";
import { test } from "node:test";
import { TAR_END, tar, tarHeader } from "../../lib/system/tar.ts";
import { type TarError, tarPlaces, type TarSource } from "../../lib/system/tar-reader.ts";
import { run } from "../../lib/system/process.ts";

function sourceOf(bytes: Uint8Array, size = bytes.length): TarSource {
  return { size, read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)) };
}

const LONG = `${"d".repeat(90)}/${"e".repeat(80)}/ü`;
const ENTRIES = [
  { name: "empty", mode: 0o644, bytes: Buffer.alloc(0) },
  { name: LONG, mode: 0o600, bytes: Buffer.from("long") },
  { name: "run.sh", mode: 0o755, bytes: Buffer.alloc(513, 1) },
];

test("places are where the content is", async () => {
  const archive = tar(ENTRIES);
  const places = await tarPlaces(sourceOf(archive));
  assert.deepEqual(
    places.map(({ name, mode, size, start }) => ({ name, mode, bytes: archive.subarray(start, start + size) })),
    ENTRIES,
  );
});

test("a file of more than 8 GiB has its size in a pax record", async () => {
  const size = 9 * 1024 ** 3;
  const header = tarHeader({ name: "large", mode: 0o644, size });
  const source: TarSource = {
    size: header.length + size + TAR_END.length,
    read: (start, length) =>
      Promise.resolve(start < header.length ? header.subarray(start, start + length) : Buffer.alloc(length)),
  };
  assert.deepEqual(await tarPlaces(source), [{ name: "large", mode: 0o644, size, start: header.length }]);
});

test("what is no plain archive of files is refused, with the place", async () => {
  const good = tar(ENTRIES);
  const link = await run(["sh", "-c", "cd $(mktemp -d) && ln -s /etc/passwd evil && tar -cf - evil | base64"]);
  const folder = await run(["sh", "-c", "cd $(mktemp -d) && mkdir evil && tar -cf - evil | base64"]);
  const changed = Buffer.from(good);
  changed[3]! ^= 1;
  for (const [bytes, code, at] of [
    [Buffer.from(link.stdout, "base64"), "tar-type", 0],
    [Buffer.from(folder.stdout, "base64"), "tar-type", 0],
    [changed, "tar-checksum", 0],
    [good.subarray(0, 700), "tar-cut", 512],
    [good.subarray(0, good.length - 1536), "tar-cut", 2560],
    [Buffer.alloc(0), "tar-cut", 0],
    [Buffer.alloc(600, "x"), "tar-checksum", 0],
  ] as const) {
    await assert.rejects(tarPlaces(sourceOf(bytes)), (error: TarError) => {
      assert.deepEqual([error.detail.code, error.at], [code, at]);
      return true;
    });
  }
});
