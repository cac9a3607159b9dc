import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../../../lib/deploy/host/containers.ts";
import {
  filesOnlyIn,
  removedFiles,
  removedServices,
  serviceChanges,
  type StateRequest,
} from "../../../lib/deploy/plan/desired-state.ts";
import type { Release } from "../../../lib/deploy/plan/release.ts";
import type { WantedImage } from "../../../lib/deploy/plan/steps.ts";
import { parseReference } from "../../../lib/image/reference.ts";

const FILE = "docker-compose-mirror.yaml";

/** `SERVICE=IMAGE` as what is asked for. */
function wanted(...pairs: readonly string[]): readonly WantedImage[] {
  return pairs.map((pair) => {
    const [service, image] = pair.split("=") as [string, string];
    return { image, reference: parseReference(image), services: [service], mirrored: true, refreshes: false };
  });
}

function release(...pairs: readonly string[]): Release {
  const images = pairs.map((pair) => {
    const [service, image] = pair.split("=") as [string, string];
    return { service, image };
  });
  return { id: "20260101-000000-0001", time: "t", files: [FILE], envFiles: [], profiles: [], images, sent: {} };
}

function set(pair: string, digest: string): Release {
  return { ...release(pair), settings: { [pair.split("=")[0]!]: digest } };
}

function container(name: string, file = FILE): Container {
  return {
    name,
    state: "running",
    image: "x:1",
    id: name,
    imageId: "i",
    restarts: 0,
    project: "app",
    files: [file],
    restartPolicy: "no",
    ports: [],
    startedAt: "t",
  };
}

const NONE: StateRequest = {
  images: [],
  built: [],
  previous: undefined,
  containers: [],
  files: [FILE],
  affected: [],
  settings: {},
  otherFiles: false,
};

test("services are added, changed, the same or removed; a renamed one goes and comes", () => {
  const rows: readonly (readonly [string, Partial<StateRequest>, readonly string[]])[] = [
    ["first", { images: wanted("web=a:1") }, ["web added"]],
    ["same", { images: wanted("web=a:1"), previous: release("web=a:1") }, ["web same"]],
    ["image", { images: wanted("web=a:2"), previous: release("web=a:1") }, ["web changed image"]],
    ["file", { images: wanted("web=a:1"), previous: release("web=a:1"), affected: ["web"] }, ["web changed files"]],
    [
      "image, and its settings with it",
      { images: wanted("web=a:2"), previous: set("web=a:1", "1"), settings: { web: "2" } },
      ["web changed image"],
    ],
    [
      "settings",
      { images: wanted("web=a:1"), previous: set("web=a:1", "1"), settings: { web: "2" } },
      ["web changed settings"],
    ],
    [
      "settings and a file",
      { images: wanted("web=a:1"), previous: set("web=a:1", "1"), settings: { web: "2" }, affected: ["web"] },
      ["web changed files settings"],
    ],
    [
      "same settings in another file",
      { images: wanted("web=a:1"), previous: set("web=a:1", "1"), settings: { web: "1" }, otherFiles: true },
      ["web same"],
    ],
    [
      "another file, and settings not known",
      { images: wanted("web=a:1"), previous: release("web=a:1"), settings: { web: "1" }, otherFiles: true },
      ["web changed settings"],
    ],
    ["built", { built: ["own"], previous: release("own=own") }, ["own same"]],
    [
      "renamed",
      { images: wanted("database=d:1"), previous: release("db=d:1"), containers: [container("db")] },
      ["database added", "db removed"],
    ],
    ["gone already", { previous: release("db=d:1") }, []],
    ["left by a failed deploy", { previous: release(), containers: [container("mig")] }, ["mig removed"]],
  ];
  for (const [name, request, expected] of rows) {
    const changes = serviceChanges({ ...NONE, ...request });
    assert.deepEqual(
      changes.map(({ service, change, reasons = [] }) => [service, change, ...reasons].join(" ")),
      expected,
      name,
    );
  }
});

test("what somebody else runs from the same folder is not removed", () => {
  const containers = [container("web"), container("dev", "docker-compose.dev.yaml"), container("old")];
  const request = { ...NONE, images: wanted("web=a:1"), previous: release("web=a:1", "old=b:1"), containers };
  assert.deepEqual(removedServices(request), ["old"]);
});

test("files that were sent and that nothing names any more go; what only one release sent is known", () => {
  const sent = { "a.conf": { sha256: "a", services: ["web"] }, "b.conf": { sha256: "b", services: [] } };
  const before = { ...release(), sent };
  assert.deepEqual(Object.keys(removedFiles(before, new Set(["a.conf"]))), ["b.conf"]);
  assert.deepEqual(removedFiles(undefined, new Set()), {});
  assert.deepEqual(Object.keys(filesOnlyIn(before, { sent: { "a.conf": sent["a.conf"] } })), ["b.conf"]);
  assert.deepEqual(Object.keys(filesOnlyIn(before, undefined)), ["a.conf", "b.conf"]);
});
