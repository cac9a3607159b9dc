import assert from "node:assert/strict";
import { test } from "node:test";
import { layerSizes, Pulls, readPullLine } from "../../../lib/deploy/host/pull-progress.ts";

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;
const C = `sha256:${"c".repeat(64)}`;
const SIZES = layerSizes([[A, B, C].map((digest, index) => ({ digest, size: [100, 20, 3][index]! }))]);

function pullsAfter(lines: readonly string[], sizes = SIZES): Pulls {
  const pulls = new Pulls(sizes);
  for (const line of lines) {
    const state = readPullLine(line);
    if (state !== undefined) pulls.heard(state);
  }
  return pulls;
}

test("the lines of docker pull", () => {
  const cases: readonly (readonly [line: string, state: string | undefined])[] = [
    ["latest: Pulling from library/nginx", undefined],
    ["aaaaaaaaaaaa: Pulling fs layer", "absent"],
    ["aaaaaaaaaaaa: Waiting", "absent"],
    ["aaaaaaaaaaaa: Verifying Checksum", "absent"],
    ["aaaaaaaaaaaa: Download complete", "came"],
    ["aaaaaaaaaaaa: Pull complete\r", "came"],
    ["aaaaaaaaaaaa: Already exists", "here"],
    ["Digest: sha256:aaaaaaaaaaaa: 1", undefined],
    ["Status: Downloaded newer image for nginx:latest", undefined],
    ["", undefined],
  ];
  for (const [line, state] of cases) assert.equal(readPullLine(line)?.state, state, line);
});

test("layers count once, and a layer that came stays one that came", () => {
  const pulls = pullsAfter([
    "aaaaaaaaaaaa: Pulling fs layer",
    "bbbbbbbbbbbb: Already exists",
    "aaaaaaaaaaaa: Download complete",
    "aaaaaaaaaaaa: Already exists",
    "cccccccccccc: Pulling fs layer",
  ]);
  assert.deepEqual(pulls.state, { images: 0, done: 2, layers: 3, bytes: 100, total: 103 });
  pulls.finishedImage();
  assert.equal(pulls.state.images, 1);
});

test("without sizes the layers are counted, without bytes", () => {
  assert.deepEqual(pullsAfter(["aaaaaaaaaaaa: Download complete"], new Map()).state, { images: 0, done: 1, layers: 1 });
  assert.deepEqual(pullsAfter(["dddddddddddd: Download complete"]).state, { images: 0, done: 1, layers: 1 });
});
