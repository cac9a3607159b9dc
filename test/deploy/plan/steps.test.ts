import assert from "node:assert/strict";
import { test } from "node:test";
import { readImageFacts } from "../../../lib/deploy/plan/steps.ts";

const CASES: readonly (readonly [digests: string, read: readonly string[]])[] = [
  ['["r.example/web@sha256:1","x@sha256:2"]', ["r.example/web@sha256:1", "x@sha256:2"]],
  ["null", []],
  ["", []],
  ['["r.example/web@sha', []],
  ['[1,"x@sha256:2",null]', ["x@sha256:2"]],
];

for (const [digests, read] of CASES) {
  test(`digests of an image: ${digests}`, () => {
    const output = `WARNING: a note of docker\nimage:sha256:3|linux/amd64|${digests}\n`;
    assert.deepEqual(readImageFacts(output), [{ id: "sha256:3", platform: "linux/amd64", digests: read }]);
  });
}
