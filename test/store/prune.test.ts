import assert from "node:assert/strict";
import { test } from "node:test";
import { type Contents, planPrune, type StoredFile } from "../../lib/store/prune.ts";

/** Blobs are letters; their size and the time of their last use are what is given. */
function contents(
  blobs: Readonly<Record<string, readonly [bytes: number, used: number]>>,
  images: Readonly<Record<string, string>>,
  partials: Readonly<Record<string, readonly [bytes: number, used: number]>> = {},
): Contents {
  return {
    blobs: new Map(Object.entries(blobs).map((entry) => [entry[0], file(entry)])),
    partials: Object.entries(partials).map(file),
    references: new Map(
      Object.entries(images).map(([name, [manifest]]) => [name, { mediaType: "m", digest: manifest!, size: 1 }]),
    ),
    closures: new Map(Object.values(images).map((blobsOf) => [blobsOf[0]!, new Set(blobsOf)])),
  };
}

function file([path, [bytes, used]]: readonly [string, readonly [number, number]]): StoredFile {
  return { path, bytes, used };
}

const TWO = contents({ A: [1, 10], B: [1, 20], s: [5, 1], a: [10, 1], b: [10, 1] }, { old: "Asa", new: "Bsb" });

test("what goes, by limit", () => {
  const cases: readonly (readonly [contents: Contents, limit: number, references: string, files: string])[] = [
    [TWO, 27, "", ""],
    [TWO, 26, "old", "Aa"],
    [TWO, 16, "old", "Aa"],
    [TWO, 15, "new old", "AaBsb"],
    [TWO, 0, "new old", "AaBsb"],
    // partial and nameless blobs have their turn by their own last use
    [contents({ A: [1, 10], x: [5, 3] }, { a: "A" }, { p: [7, 2] }), 12, "", "p"],
    [contents({ A: [1, 10], x: [5, 3] }, { a: "A" }, { p: [7, 4] }), 12, "", "x"],
    [contents({ A: [1, 10], x: [5, 3] }, { a: "A" }, { p: [7, 4] }), 1, "", "xp"],
    [contents({ A: [1, 10], x: [5, 30] }, { a: "A" }, { p: [7, 20] }), 12, "a", "A"],
    [contents({ A: [1, 10], x: [5, 30] }, { a: "A" }, { p: [7, 20] }), 11, "a", "Ap"],
    // two names of one image: its blobs go with the second
    [contents({ A: [1, 10], a: [9, 1] }, { one: "Aa", two: "Aa" }), 9, "one two", "Aa"],
    // a manifest that was lost counts as the oldest
    [contents({ A: [1, 10], a: [9, 1] }, { gone: "Z", here: "Aa" }), 9, "gone here", "Aa"],
  ];
  for (const [given, limit, references, files] of cases) {
    const plan = planPrune(given, limit);
    assert.equal(plan.references.join(" "), references);
    assert.equal(plan.files.map(({ path }) => path).join(""), files);
  }
});
