import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { images, refused } from "../compose-cases.ts";
import { differencesFromV1, differencesFromV2 } from "./compare.ts";
import { readCorpus, type Sample } from "./sample.ts";

const NO_OPTIONS = { cwd: ".", files: [], envFiles: [], profiles: [], environment: {} };

/** The small projects of the unit tests, so that what those expect is what compose does. */
const cases: readonly Sample[] = [
  ...images.map(([name, files, , options]) => ({
    name,
    files,
    options: { ...NO_OPTIONS, ...options },
    differsInV1: false,
  })),
  ...refused.map(([name, files, code, , options]) => ({
    name,
    files,
    options: { ...NO_OPTIONS, ...options },
    // What has no services is no mistake to compose, but there is nothing to mirror.
    refused: code === "compose-empty" && !name.startsWith("an empty") ? ("us" as const) : ("both" as const),
    differsInV1: false,
  })),
];

const corpus = readCorpus();

test("the corpus is there", () => {
  assert.ok(corpus.length >= 150, `${corpus.length} projects`);
});

describe("as docker compose v2 does", { concurrency: true }, () => {
  for (const sample of [...corpus, ...cases]) {
    test(sample.name, async () => {
      assert.deepEqual(await differencesFromV2(sample), []);
    });
  }
});

describe("as docker-compose v1 does, where it can read the project", { concurrency: true }, () => {
  let read = 0;
  for (const sample of corpus.filter(({ refused: who }) => who === undefined)) {
    test(sample.name, async () => {
      const found = await differencesFromV1(sample);
      if (sample.differsInV1) assert.notDeepEqual(found, []);
      if (sample.differsInV1 || found === "not readable") return;
      read++;
      assert.deepEqual(found, []);
    });
  }
  after(() => {
    assert.ok(read >= 80, `v1 read ${read} projects only`);
  });
});
