import assert from "node:assert/strict";
import { test } from "node:test";
import { createChunkSizer } from "../../../lib/engine/direct/chunk-sizer.ts";

const MIB = 1024 * 1024;

test("chunks begin small and become as long as what was seen to pass, up to the largest", () => {
  const sizer = createChunkSizer(32 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 4 * MIB);
  assert.equal(sizer.chunk(1000).bytes, 1000);
  sizer.carried(3 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 4 * MIB);
  sizer.carried(12 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 12 * MIB);
  sizer.carried(1000 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 32 * MIB);
});

test("a longer chunk than was ever seen to pass is tried by one upload at a time", () => {
  const sizer = createChunkSizer(32 * MIB);
  sizer.chunk(100 * MIB).arrived();
  const first = sizer.chunk(100 * MIB);
  const second = sizer.chunk(100 * MIB);
  assert.deepEqual([first.bytes, second.bytes], [6 * MIB, 4 * MIB]);
  second.arrived();
  assert.equal(sizer.chunk(100 * MIB).bytes, 4 * MIB);
  first.arrived();
  assert.equal(sizer.chunk(100 * MIB).bytes, 9 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 6 * MIB);
});

test("a dropped upload makes chunks shorter than what the connection carried, for a long time", () => {
  const sizer = createChunkSizer(32 * MIB);
  sizer.carried(12 * MIB);
  sizer.chunk(100 * MIB).failed(8 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 2 * MIB);
  sizer.carried(1000 * MIB);
  for (let count = 0; count < 63; count += 1) sizer.chunk(100 * MIB).arrived();
  sizer.chunk(1000).arrived();
  assert.equal(sizer.chunk(100 * MIB).bytes, 2 * MIB);
  sizer.chunk(100 * MIB).arrived();
  assert.equal(sizer.chunk(100 * MIB).bytes, 4 * MIB);
});

test("a drop that comes early, or below what has passed before, does not change the length", () => {
  const sizer = createChunkSizer(32 * MIB);
  sizer.chunk(100 * MIB).failed(1000);
  assert.equal(sizer.chunk(100 * MIB).bytes, 4 * MIB);
  sizer.carried(40 * MIB);
  sizer.cut(15 * MIB);
  sizer.carried(40 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 32 * MIB);
  sizer.chunk(100 * MIB).arrived();
  sizer.chunk(100 * MIB).failed(15 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 32 * MIB);
});

test("a drop that repeats at one length counts, however much passed before", () => {
  const uploads = createChunkSizer(32 * MIB);
  uploads.carried(40 * MIB);
  uploads.chunk(100 * MIB).arrived();
  uploads.chunk(100 * MIB).failed(15 * MIB);
  uploads.chunk(100 * MIB).failed(15 * MIB);
  assert.equal(uploads.chunk(100 * MIB).bytes, 4 * MIB);
  const downloads = createChunkSizer(32 * MIB);
  downloads.carried(60 * MIB);
  downloads.cut(15 * MIB);
  assert.equal(downloads.chunk(100 * MIB).bytes, 30 * MIB);
  downloads.cut(15 * MIB);
  assert.equal(downloads.chunk(100 * MIB).bytes, 4 * MIB);
});

test("transfers that were running when a drop was noticed teach nothing further", () => {
  const sizer = createChunkSizer(32 * MIB);
  sizer.carried(12 * MIB);
  const [one, other] = [sizer.chunk(100 * MIB), sizer.chunk(100 * MIB)];
  one.failed(8 * MIB);
  other.failed(3 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 2 * MIB);
});

test("a download's drop shortens uploads too, until a download carries much more", () => {
  const sizer = createChunkSizer(32 * MIB);
  // other blobs may have gone over its connection before
  sizer.cut(3 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 4 * MIB);
  sizer.cut(8 * MIB);
  sizer.carried(8 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 2 * MIB);
  sizer.carried(20 * MIB);
  assert.equal(sizer.chunk(100 * MIB).bytes, 20 * MIB);
});

test("large chunks get connections of their own until much was seen to pass", () => {
  const sizer = createChunkSizer(32 * MIB);
  assert.equal(sizer.isApart(2 * MIB), true);
  assert.equal(sizer.isApart(1000), false);
  sizer.carried(15 * MIB);
  assert.equal(sizer.isApart(2 * MIB), true);
  sizer.carried(16 * MIB);
  assert.equal(sizer.isApart(2 * MIB), false);
  sizer.cut(15 * MIB);
  assert.equal(sizer.isApart(2 * MIB), true);
});
