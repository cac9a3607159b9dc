import assert from "node:assert/strict";
import { test } from "node:test";
import { openLine } from "../lib/engine/line.ts";

const MIB = 1024 * 1024;

test("chunks begin small and grow with what was seen to pass, up to the largest", () => {
  const line = openLine(32 * MIB);
  assert.equal(line.chunk(100 * MIB).bytes, 4 * MIB);
  assert.equal(line.chunk(1000).bytes, 1000);
  line.carried(24 * MIB);
  const longer = line.chunk(100 * MIB);
  assert.equal(longer.bytes, 12 * MIB);
  longer.arrived();
  const still = line.chunk(100 * MIB);
  assert.equal(still.bytes, 18 * MIB);
  still.failed();
  line.carried(1000 * MIB);
  assert.equal(line.chunk(100 * MIB).bytes, 32 * MIB);
});

test("a longer chunk than ever arrived is tried by one upload at a time", () => {
  const line = openLine(32 * MIB);
  line.carried(24 * MIB);
  const first = line.chunk(100 * MIB);
  const second = line.chunk(100 * MIB);
  assert.deepEqual([first.bytes, second.bytes], [12 * MIB, 4 * MIB]);
  second.arrived();
  assert.equal(line.chunk(100 * MIB).bytes, 4 * MIB);
  first.arrived();
  assert.equal(line.chunk(100 * MIB).bytes, 18 * MIB);
  assert.equal(line.chunk(100 * MIB).bytes, 12 * MIB);
});

test("a cut makes chunks shorter than what the connection carried, for good", () => {
  const line = openLine(32 * MIB);
  line.carried(24 * MIB);
  const chunk = line.chunk(100 * MIB);
  chunk.failed(8 * MIB);
  assert.equal(line.chunk(100 * MIB).bytes, 2 * MIB);
  line.carried(1000 * MIB);
  line.chunk(100 * MIB).arrived();
  assert.equal(line.chunk(100 * MIB).bytes, 2 * MIB);
  // one that was under way before, and one that was cut too early to say anything
  line.chunk(100 * MIB).failed(1000);
  assert.equal(line.chunk(100 * MIB).bytes, 2 * MIB);
});

test("a download's cut teaches uploads too, unless other blobs may have gone over its connection before", () => {
  const line = openLine(32 * MIB);
  line.cut(3 * MIB);
  assert.equal(line.chunk(100 * MIB).bytes, 4 * MIB);
  line.chunk(100 * MIB).arrived();
  assert.equal(line.chunk(100 * MIB).bytes, 4 * MIB, "what arrives is no reason to hope any more");
  line.cut(8 * MIB);
  assert.equal(line.chunk(100 * MIB).bytes, 2 * MIB);
});

test("large chunks get connections of their own until long ones have arrived", () => {
  const line = openLine(32 * MIB);
  assert.equal(line.isApart(2 * MIB), true);
  assert.equal(line.isApart(1000), false);
  line.carried(64 * MIB);
  assert.equal(line.isApart(2 * MIB), true);
  line.chunk(100 * MIB).arrived();
  assert.equal(line.isApart(2 * MIB), false);
  line.cut(8 * MIB);
  assert.equal(line.isApart(2 * MIB), true);
});
