import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReference } from "../../lib/image/reference.ts";
import { refuseOwned, repositoryOf } from "../../lib/mirror/ownership.ts";

const NAMES = {
  source: parseReference("quay.io/team/app:2"),
  target: parseReference("r.example/ns/team-app:2"),
};
const TARGET = "r.example/ns/team-app:2";

test("a mirror name is replaced by an image of its own source only", () => {
  refuseOwned([NAMES], new Map());
  refuseOwned([NAMES], new Map([[TARGET, "quay.io/team/app"]]));
  refuseOwned([NAMES], new Map([["r.example/ns/team-app:1", "ghcr.io/team/app"]]));
  assert.throws(() => refuseOwned([NAMES], new Map([[TARGET, "ghcr.io/team/app"]])), {
    code: "target-owned",
    exit: 2,
    message: /"r\.example\/ns\/team-app:2".*"ghcr\.io\/team\/app".*"quay\.io\/team\/app"/,
  });
});

test("the source of an image is its repository, without its tag", () => {
  assert.equal(repositoryOf(NAMES), "quay.io/team/app");
  assert.equal(repositoryOf({ source: parseReference("nginx:1") }), "nginx");
});
