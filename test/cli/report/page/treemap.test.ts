/** The treemap's tiles: areas as the weights, nothing outside, nothing twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { treemap } from "../../../../lib/cli/report/page/treemap.ts";

const SPACE = { x: 10, y: 20, width: 300, height: 200 };
const CASES: readonly (readonly number[])[] = [
  [1],
  [6, 6, 4, 3, 2, 2, 1],
  [1000, 1, 1, 1],
  [5, 0, 5],
  Array.from({ length: 60 }, (_, index) => ((index * 37) % 23) + 1),
];

for (const weights of CASES) {
  test(`${weights.length} weights, the largest ${Math.max(...weights)}`, () => {
    const tiles = treemap(weights, (weight) => weight, SPACE);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    assert.deepEqual(
      tiles.map(({ item }) => item),
      weights.filter((weight) => weight > 0).toSorted((a, b) => b - a),
    );
    for (const [index, { item, x, y, width, height }] of tiles.entries()) {
      assert.ok(Math.abs(width * height - (item / total) * 60_000) < 1e-6);
      assert.ok(x >= 10 - 1e-6 && y >= 20 - 1e-6 && x + width <= 310 + 1e-6 && y + height <= 220 + 1e-6);
      for (const other of tiles.slice(index + 1)) {
        const across = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
        const down = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
        assert.ok(across < 1e-6 || down < 1e-6, `${item} and ${other.item} overlap`);
      }
    }
  });
}

test("the paper's example has no tile longer than three times its width", () => {
  const tiles = treemap([6, 6, 4, 3, 2, 2, 1], (weight) => weight, { x: 0, y: 0, width: 6, height: 4 });
  for (const { width, height } of tiles) assert.ok(Math.max(width / height, height / width) <= 3);
});

test("nothing to show gives no tiles", () => {
  assert.deepEqual(
    treemap([], () => 1, SPACE),
    [],
  );
});
