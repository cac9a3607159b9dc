/** Throughput as numbers: what was moved is what the slices hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { roundUp, throughput, ticks } from "../../../../lib/cli/report/page/chart.ts";

test("the slices add up to the bytes, and the axis is round", () => {
  const samples = [
    { at: 0, bytes: 0 },
    { at: 1000, bytes: 0 },
    { at: 1500, bytes: 4_000_000 },
    { at: 3000, bytes: 5_000_000 },
  ];
  const flow = throughput(samples, 10)!;
  const sum = flow.slices.reduce((total, { from, to, rate }) => total + (rate * (to - from)) / 1000, 0);
  assert.ok(Math.abs(sum - 5_000_000) < 1);
  assert.deepEqual([flow.from, flow.to, flow.top], [1000, 3000, 10_000_000]);
});

test("nothing moved gives no chart", () => {
  assert.equal(throughput([{ at: 0, bytes: 0 }], 10), undefined);
});

for (const [value, round] of [
  [0, 1],
  [1, 1],
  [1.2, 2],
  [210, 500],
  [7_000_000, 10_000_000],
] as const) {
  test(`${value} is rounded up to ${round}`, () => assert.equal(roundUp(value), round));
}

test("ticks are round and within", () => {
  assert.deepEqual(ticks(1200, 5300, 5), [2000, 3000, 4000, 5000]);
});
