import assert from "node:assert/strict";
import { test } from "node:test";
import type { CarriedImage } from "../../lib/archive/layout.ts";
import type { ArchiveSource } from "../../lib/archive/source.ts";
import { placedLock, placeImages, storeArchive } from "../../lib/archive/store-archive.ts";
import { digestOf } from "../../lib/image/digest.ts";
import { formatReference, parseReference } from "../../lib/image/reference.ts";
import { noise } from "../_helpers/registry-images.ts";
import { withStore } from "../_helpers/store-folder.ts";

const BLOB = noise("blob", 300_000);
const DIGEST = digestOf(BLOB);
const PLACES = new Map([[DIGEST, { name: "blob", mode: 0o644, size: BLOB.length, start: 100 }]]);
const IMAGE: CarriedImage = {
  source: parseReference("ghcr.io/a/b:1"),
  name: parseReference("old.example/team/a-b:1"),
  platform: "linux/amd64",
  manifest: { mediaType: "m", digest: DIGEST, size: BLOB.length },
  config: { mediaType: "c", digest: DIGEST, size: BLOB.length },
  layers: [],
};
const PLACED = placeImages([IMAGE], { registry: "new.example", namespace: "inside/lan" });

/** An archive of the one blob; `reads` are the bytes that were read of it. */
function sourceOf(bytes: Uint8Array, reads: number[] = []): ArchiveSource {
  return {
    file: "/a.tar",
    size: bytes.length + 100,
    read: () => Promise.reject(new Error("not read at once")),
    async *chunks(start, end) {
      for (let at = start; at < end; at += 10_000) {
        const chunk = bytes.subarray(at - 100, Math.min(at + 10_000, end) - 100);
        reads.push(chunk.length);
        yield await Promise.resolve(Buffer.from(chunk));
      }
    },
    partAt: () => "a.tar.002",
    close: () => Promise.resolve(),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

test("images get the names of this machine's mirror, and those of the archive's compose file", () =>
  withStore(async (store) => {
    const stored = await storeArchive(sourceOf(BLOB), { blobs: PLACES }, { store, placed: PLACED });
    assert.deepEqual(stored, { copied: BLOB.length, present: 0 });
    assert.deepEqual([...(await store.references()).keys()], ["inside/lan/a-b:1", "team/a-b:1"]);
  }));

test("an interrupted copy goes on where it was; what is there is not read again", () =>
  withStore(async (store) => {
    const abort = new AbortController();
    const onBytes = (done: number): void => {
      if (done >= 100_000) abort.abort();
    };
    const first: number[] = [];
    const cut = storeArchive(
      sourceOf(BLOB, first),
      { blobs: PLACES },
      { store, placed: PLACED },
      { signal: abort.signal, onBytes },
    );
    await assert.rejects(cut, { code: "interrupted" });
    assert.equal((await store.references()).size, 0);
    const second: number[] = [];
    await storeArchive(sourceOf(BLOB, second), { blobs: PLACES }, { store, placed: PLACED });
    assert.ok(sum(second) <= BLOB.length - 100_000, String(sum(second)));
    assert.deepEqual(Buffer.from(await store.readBytes(DIGEST)), BLOB);
    const third: number[] = [];
    const stored = await storeArchive(sourceOf(BLOB, third), { blobs: PLACES }, { store, placed: PLACED });
    assert.deepEqual([stored, third], [{ copied: 0, present: BLOB.length }, []]);
  }));

test("content that is not what its digest says names the part, and nothing is named", () =>
  withStore(async (store) => {
    const flipped = Buffer.from(BLOB);
    flipped[200_000]! ^= 1;
    const copying = storeArchive(sourceOf(flipped), { blobs: PLACES }, { store, placed: PLACED });
    await assert.rejects(copying, (error: { code: string; values: { file: string } }) => {
      assert.deepEqual([error.code, error.values.file], ["archive-damaged", "a.tar.002"]);
      return true;
    });
    assert.equal(await store.has(DIGEST), false);
    assert.equal((await store.references()).size, 0);
  }));

const locked = (source: string) => ({
  source: parseReference(source),
  platform: "linux/amd64",
  sourceDigest: DIGEST,
  mirror: parseReference("old.example/team/a-b:1"),
  mirrorDigest: DIGEST,
  size: 1,
});

test("the lock names the images as this machine's mirror does, and has no others", () => {
  const lock = placedLock([locked("ghcr.io/a/b:1"), locked("nginx:1")], PLACED);
  assert.deepEqual(
    lock.map(({ mirror }) => formatReference(mirror)),
    ["new.example/inside/lan/a-b:1"],
  );
});
