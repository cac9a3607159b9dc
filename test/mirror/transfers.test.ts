import assert from "node:assert/strict";
import { test } from "node:test";
import type { Project, Service } from "../../lib/compose/project.ts";
import { parseIgnoreList } from "../../lib/mirror/ignore.ts";
import { imageRows, mirrorNames, planTransfers, selectImages, servicesOf } from "../../lib/mirror/transfers.ts";

type Sketch = Pick<Service, "name"> & Partial<Service>;

function project(...services: readonly Sketch[]): Pick<Project, "services"> {
  return {
    services: services.map((service) => ({
      built: false,
      profiles: [],
      otherImages: [],
      section: "services",
      defaultImage: `demo-${service.name}`,
      ...service,
    })),
  };
}

function plan(sketch: Pick<Project, "services">, ignore = "") {
  const selection = selectImages(sketch, { ignore: parseIgnoreList(ignore), platform: "linux/amd64" });
  return planTransfers(selection, { registry: "r.example", namespace: "team" });
}

test("one transfer for an image however it is spelled, its services in order", () => {
  const { transfers } = plan(
    project(
      { name: "b", image: "nginx" },
      { name: "a", image: "docker.io/library/nginx:latest" },
      { name: "c", image: "nginx" },
    ),
  );
  assert.equal(transfers.length, 1);
  assert.deepEqual(transfers[0]!.uses, [
    { image: "docker.io/library/nginx:latest", services: ["a"] },
    { image: "nginx", services: ["b", "c"] },
  ]);
  assert.deepEqual(servicesOf(transfers[0]!), ["a", "b", "c"]);
});

test("rows are the contract's, in code-point order of the source", () => {
  const rows = imageRows(
    plan(
      project(
        { name: "web", image: "nginx:1" },
        { name: "app", built: true },
        { name: "job", image: "Zeta".toLowerCase() },
        { name: "db", image: "vast/db:2" },
        { name: "x", image: "a/b" },
      ),
      "vast/",
    ),
  );
  assert.deepEqual(rows, [
    { source: "a/b", target: "r.example/team/a-b:latest", services: ["x"], status: "mirror" },
    { source: "demo-app", target: null, services: ["app"], status: "built" },
    { source: "nginx:1", target: "r.example/team/nginx:1", services: ["web"], status: "mirror" },
    { source: "vast/db:2", target: null, services: ["db"], status: "ignored" },
    { source: "zeta", target: "r.example/team/zeta:latest", services: ["job"], status: "mirror" },
  ]);
});

test("an image that one service builds is built for every service", () => {
  const { built, transfers } = plan(
    project({ name: "web", image: "app:dev", built: true }, { name: "worker", image: "app:dev" }),
  );
  assert.deepEqual(built, [{ image: "app:dev", services: ["web", "worker"] }]);
  assert.equal(transfers.length, 0);
});

test("the mirror compose names images by the registry the host pulls from", () => {
  const made = plan(project({ name: "web", image: "nginx" }));
  assert.deepEqual([...mirrorNames(made)], [["nginx", "r.example/team/nginx:latest"]]);
  assert.deepEqual(
    [...mirrorNames(made, { pullRegistry: "r-vpc.example" })],
    [["nginx", "r-vpc.example/team/nginx:latest"]],
  );
  const digest = `sha256:${"a".repeat(64)}`;
  assert.deepEqual(
    [...mirrorNames(made, { digestOf: () => digest })],
    [["nginx", `r.example/team/nginx:latest@${digest}`]],
  );
});

test("a service's own platform counts, and two for one image are refused", () => {
  const own = plan(project({ name: "web", image: "nginx", platform: "arm64" }));
  assert.equal(own.transfers[0]!.platform, "linux/arm64");
  assert.throws(
    () => plan(project({ name: "a", image: "nginx", platform: "linux/arm64" }, { name: "b", image: "nginx" })),
    {
      code: "platform-conflict",
      message: /"nginx".*"linux\/amd64" and "linux\/arm64".*"a" and "b"/,
    },
  );
});

test("an invalid reference names the service", () => {
  assert.throws(() => plan(project({ name: "web", image: "Nginx" })), {
    code: "reference-invalid",
    message: /"Nginx".*service "web"/,
  });
});

test("other images of services and the images that builds start from are mirrored too", () => {
  const { mirrored } = selectImages(
    project(
      { name: "a", image: "nginx", otherImages: ["busybox"] },
      { name: "b", built: true, otherImages: ["nginx"] },
    ),
    {
      ignore: parseIgnoreList(""),
      platform: "linux/amd64",
      bases: [
        { image: "alpine:3", services: ["b"] },
        { image: "nginx", services: ["b"] },
      ],
    },
  );
  assert.deepEqual(
    mirrored.map(({ uses }) => uses),
    [
      [{ image: "alpine:3", services: ["b"] }],
      [{ image: "busybox", services: ["a"] }],
      [{ image: "nginx", services: ["a", "b"] }],
    ],
  );
});
