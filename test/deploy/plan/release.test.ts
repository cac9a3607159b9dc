import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type FailedRelease,
  formatFailed,
  formatRelease,
  parseFailed,
  parseRelease,
  previousRelease,
  type Release,
  releaseId,
} from "../../../lib/deploy/plan/release.ts";

const RELEASE: Release = {
  id: "20260102-030405-00ff",
  time: "2026-01-02T03:04:05.000Z",
  files: ["a.yaml"],
  envFiles: [],
  profiles: ["db"],
  images: [
    { service: "web", image: "r/web:1", id: "sha256:1", pulledBy: "r/web@sha256:2" },
    { service: "own", image: "own" },
  ],
  sent: { "a b.conf": { sha256: "3", services: ["web"] } },
};

test("a release is one line, and is read as it was", () => {
  const line = formatRelease(RELEASE);
  assert.ok(!line.includes("\n"));
  assert.deepEqual(parseRelease(line), RELEASE);
});

test("text that is not a release is rejected", () => {
  const { id: _, ...nameless } = RELEASE;
  for (const text of [
    "",
    "{",
    "null",
    "[]",
    "{}",
    JSON.stringify(nameless),
    JSON.stringify({ ...RELEASE, id: "../../etc" }),
    JSON.stringify({ ...RELEASE, files: [1] }),
    JSON.stringify({ ...RELEASE, images: [null] }),
    JSON.stringify({ ...RELEASE, images: [{ image: "r/web:1" }] }),
    JSON.stringify({ ...RELEASE, images: [{ service: "web", image: "r/web:1", id: [] }] }),
    JSON.stringify({ ...RELEASE, images: [{ service: "web", image: "r/web:1", pulledBy: 0 }] }),
    JSON.stringify({ ...RELEASE, sent: null }),
    JSON.stringify({ ...RELEASE, sent: [] }),
    JSON.stringify({ ...RELEASE, sent: { "a.conf": null } }),
    JSON.stringify({ ...RELEASE, sent: { "a.conf": { sha256: "3", services: "web" } } }),
  ]) {
    assert.equal(parseRelease(text), undefined, text);
  }
});

test("a release that failed is one line, and neither kind is read as the other", () => {
  const images = [{ service: "web", image: "r/web:2" }];
  const failed: FailedRelease = { id: RELEASE.id, time: RELEASE.time, outcome: "failed", images };
  const line = formatFailed(failed);
  assert.ok(!line.includes("\n"));
  assert.deepEqual(parseFailed(line), failed);
  assert.equal(parseRelease(line), undefined);
  for (const text of [
    "",
    "null",
    "{}",
    formatRelease(RELEASE),
    JSON.stringify({ ...failed, id: ".." }),
    JSON.stringify({ ...failed, outcome: "runs" }),
    JSON.stringify({ ...failed, images: [{}] }),
  ]) {
    assert.equal(parseFailed(text), undefined, text);
  }
});

test("ids sort by time", () => {
  assert.equal(releaseId(new Date("2026-01-02T03:04:05.003Z"), 0.99), RELEASE.id);
  assert.match(releaseId(new Date("2026-01-02T03:04:05.999Z"), 0.999999), /^20260102-030405-f9ff$/);
  const times = [
    "2025-12-31T23:59:59Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.001Z",
    "2026-01-01T00:00:00.900Z",
    "2026-01-01T00:00:01Z",
    "2026-10-01T00:00:00Z",
  ];
  const ids = times.map((time, index) => releaseId(new Date(time), 0.9 - index / 10));
  assert.deepEqual(ids.toSorted(), ids);
});

test("the previous release is the one that ran before, never one that was given up", () => {
  const [a, b, c] = ["20260101-000001-0000", "20260101-000002-0000", "20260101-000003-0000"] as const;
  const releases = [a, b, c].map((id) => ({ ...RELEASE, id }));
  for (const [history, current, expected] of [
    [[], undefined, undefined],
    [[], c, b],
    [[a], a, undefined],
    [[a, b], b, a],
    [[a, b, `-${b}`, a, c], c, a],
    [[a, b, `-${b}`, a, c, `-${c}`, a], a, undefined],
    [[a, b, `-${b}`, a, `-${a}`, b], b, undefined],
    [[a, b, `-${b}`, a, b, c], c, b],
    [["20250101-000000-0000", a], a, undefined],
    [["garbage", a, b], b, a],
  ] as const) {
    assert.equal(previousRelease(releases, current, history)?.id, expected, history.join(" "));
  }
});
