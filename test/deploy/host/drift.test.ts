import assert from "node:assert/strict";
import { test } from "node:test";
import { driftOf } from "../../../lib/deploy/host/drift.ts";
import type { Release } from "../../../lib/deploy/plan/release.ts";
import type { Container } from "../../../lib/deploy/host/containers.ts";
import type { LockedImage } from "../../../lib/mirror/lock-file.ts";
import { parseReference } from "../../../lib/image/reference.ts";

const RELEASE: Release = {
  id: "20260102-030405-00ff",
  time: "t",
  files: [],
  envFiles: [],
  profiles: [],
  images: [
    { service: "web", image: "r-vpc.example/t/web:1", id: "sha256:id", pulledBy: "r-vpc.example/t/web@sha256:aa" },
  ],
  sent: {},
};
const WEB: Container = {
  name: "web",
  state: "running",
  image: "r-vpc.example/t/web:1",
  id: "c",
  imageId: "sha256:id",
  restarts: 0,
  project: "app",
  files: [],
  restartPolicy: "no",
  ports: [],
  startedAt: "t",
};

function lock(mirrorDigest: string): readonly LockedImage[] {
  return [
    {
      source: parseReference("web:1"),
      platform: "linux/amd64",
      sourceDigest: "sha256:cc",
      platformDigest: "sha256:aa",
      mirror: parseReference("r.example/t/web:1"),
      mirrorDigest,
      size: 1,
    },
  ];
}

test("what runs as it was deployed, and as the lock names it, has not drifted", () => {
  assert.deepEqual(driftOf([WEB], RELEASE, lock("sha256:aa")), []);
  assert.deepEqual(driftOf([WEB], RELEASE), []);
  assert.deepEqual(driftOf([WEB], undefined, lock("sha256:bb")), []);
  assert.deepEqual(driftOf([{ ...WEB, imageId: "" }], RELEASE), []);
});

test("another image, a missing service, and a newer lock are reported", () => {
  assert.deepEqual(driftOf([{ ...WEB, imageId: "sha256:other" }], RELEASE), [
    { kind: "other-image", service: "web", expected: "sha256:id", found: "sha256:other" },
  ]);
  assert.deepEqual(driftOf([], RELEASE), [{ kind: "missing", service: "web" }]);
  assert.deepEqual(driftOf([WEB], RELEASE, lock("sha256:bb")), [
    { kind: "behind-lock", service: "web", expected: "sha256:bb", found: "sha256:aa" },
  ]);
});
