import assert from "node:assert/strict";
import { test } from "node:test";
import type { Project, Service } from "../../lib/compose/project.ts";
import { parseIgnoreList } from "../../lib/mirror/ignore.ts";
import {
  imageRows,
  mirrorNames,
  ofInactiveProfiles,
  planFor,
  planTransfers,
  publishedBuilds,
  selectImages,
  servicesOf,
} from "../../lib/mirror/transfers.ts";
import { loadFiles } from "../_helpers/compose-folder.ts";

type Sketch = Pick<Service, "name"> & Partial<Service>;

function project(...services: readonly Sketch[]): Pick<Project, "services"> {
  return {
    services: services.map((service) => ({
      built: false,
      profiles: [],
      otherImages: [],
      section: "services",
      dependsOn: [],
      envFiles: [],
      labelFiles: [],
      mounts: [],
      configs: [],
      secrets: [],
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

test("the plan for some services has their images, whoever else uses them", () => {
  const whole = plan(
    project(
      { name: "a", image: "nginx" },
      { name: "b", image: "docker.io/nginx" },
      { name: "c", image: "redis", otherImages: ["busybox"] },
      { name: "d", image: "vast/db" },
      { name: "e", built: true },
    ),
    "vast/db",
  );
  const sources = (services: readonly string[]): readonly string[] =>
    imageRows(planFor(whole, services)).map(({ source }) => source);
  assert.deepEqual(sources(["b"]), ["docker.io/nginx", "nginx"]);
  assert.deepEqual(sources(["c", "d"]), ["busybox", "redis", "vast/db"]);
  assert.deepEqual(sources(["e"]), ["demo-e"]);
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

const BUILD = { context: "/x", dockerfile: "Dockerfile", args: new Map(), contexts: new Map() } as const;

test("an image that is at the mirror already is left alone, by the name that the host pulls by too", () => {
  const selection = selectImages(
    project(
      { name: "a", image: "r.example/team/app:1" },
      { name: "b", image: "r-vpc.example/team/sub/app" },
      { name: "c", image: "r.example/teams/app:1" },
      { name: "d", image: "other.example/team/app:1" },
    ),
    { ignore: parseIgnoreList(""), platform: "linux/amd64" },
  );
  const made = planTransfers(selection, {
    registry: "r.example",
    pullRegistry: "r-vpc.example",
    namespace: "team",
    onCollision: "prefix-host",
  });
  assert.deepEqual(made.present, [
    { image: "r-vpc.example/team/sub/app", services: ["b"] },
    { image: "r.example/team/app:1", services: ["a"] },
  ]);
  assert.deepEqual(made.transfers.flatMap(servicesOf), ["d", "c"]);
  assert.deepEqual(imageRows(made)[2], {
    source: "r.example/team/app:1",
    target: "r.example/team/app:1",
    services: ["a"],
    status: "present",
  });
});

test("what a service builds is mirrored on request, where it can be pulled", () => {
  const sketch = project(
    { name: "a", image: "one/app:1", built: true, build: BUILD },
    { name: "b", image: "two/app:1", built: true, build: BUILD, pullPolicy: "build" },
    { name: "c", built: true, build: BUILD },
    { name: "d", image: "three", built: true },
  );
  const options = { ignore: parseIgnoreList(""), platform: "linux/amd64" };
  assert.deepEqual(publishedBuilds(sketch), [{ image: "one/app:1", services: ["a"] }]);
  assert.deepEqual(selectImages(sketch, options).mirrored, []);
  const { mirrored, built } = selectImages(sketch, { ...options, mirrorBuilt: true });
  assert.deepEqual(
    mirrored.map(({ uses }) => uses[0].image),
    ["one/app:1"],
  );
  assert.deepEqual(
    built.map(({ image }) => image),
    ["demo-c", "three", "two/app:1"],
  );
});

const UNSET = 'services:\n  web: {image: nginx:1.25}\n  agent:\n    image: "example/agent:${AGENT_VERSION}"\n';

test("an unset variable in an image is named with file and line, and the rest is listed", async () => {
  const loaded = await loadFiles({ "compose.yaml": UNSET });
  const options = { ignore: parseIgnoreList(""), platform: "linux/amd64" };
  const expected = {
    code: "image-variable-unset",
    exit: 2,
    message:
      /^the image "example\/agent:\$\{AGENT_VERSION\}" of service "agent" .* no value is set for AGENT_VERSION \(.*compose\.yaml:4\), and what is left, "example\/agent:", is not a reference: its tag is empty$/,
  };
  assert.throws(() => selectImages(loaded, options), expected);
  const { mirrored, invalid } = selectImages(loaded, { ...options, collectInvalid: true });
  assert.deepEqual(
    mirrored.map(({ uses }) => uses[0].image),
    ["nginx:1.25"],
  );
  assert.equal(invalid.length, 1);
  assert.throws(() => {
    throw invalid[0]!;
  }, expected);
});

test("of nested variables those are named that leave nothing, set to an empty value or not set", async () => {
  const image = "${R:-docker.io}/${N:?}:${A-${B-1}}";
  const loaded = await loadFiles({
    "compose.yaml": `services: { q: { image: "${image}" } }`,
    ".env": "N=team/q\nA=\n",
  });
  assert.throws(() => selectImages(loaded, { ignore: parseIgnoreList(""), platform: "linux/amd64" }), {
    code: "image-variable-unset",
    message: /no value is set for A, B \(.*compose\.yaml:1\), and what is left, "docker\.io\/team\/q:", is/,
  });
});

test("an image with a variable whose value is no text is refused by its name, and the rest is listed", async () => {
  const loaded = await loadFiles({
    "compose.yaml": "services:\n  web: {image: nginx}\n  a:\n    image: ${R:-r.example}/a:${T}\n",
    ".env": Buffer.concat([Buffer.from("T="), Buffer.from([0xd6, 0xd0, 0x0a])]),
  });
  const options = { ignore: parseIgnoreList(""), platform: "linux/amd64" };
  const expected = {
    code: "value-not-text",
    exit: 2,
    message: /compose\.yaml:4 takes a value that is not text in UTF-8 from T$/,
    hint: /iconv/,
  };
  assert.throws(() => selectImages(loaded, options), expected);
  assert.equal(selectImages(loaded, { ...options, collectInvalid: true }).mirrored.length, 1);
});

test("an unset variable is not blamed alone where what is left is wrong for another reason", async () => {
  for (const [image, reason] of [
    ["${R}/app:1", /"\/app:1", is not a reference: .*/],
    ["Team/app:${T:-1}${X}", /"Team\/app:1", is not a reference: .*upper/],
  ] as const) {
    const loaded = await loadFiles({ "compose.yaml": `services: { q: { image: "${image}" } }` });
    assert.throws(() => selectImages(loaded, { ignore: parseIgnoreList(""), platform: "linux/amd64" }), {
      code: "image-variable-unset",
      message: reason,
    });
  }
});

for (const pattern of ["example/agent:${AGENT_VERSION}", "example/agent:", "example/", "*/agent"]) {
  test(`the pattern ${pattern} takes out an image whose variable is unset`, async () => {
    const loaded = await loadFiles({ "compose.yaml": UNSET });
    const { ignored } = selectImages(loaded, { ignore: parseIgnoreList(pattern), platform: "linux/amd64" });
    assert.deepEqual(ignored, [{ image: "example/agent:", services: ["agent"] }]);
  });
}

test("images that only inactive profiles need are known, with the names of the profiles", () => {
  const sketch = project(
    { name: "a", image: "nginx" },
    { name: "b", image: "nginx", profiles: ["x"] },
    { name: "c", image: "redis", profiles: ["x", "y"] },
    { name: "d", image: "etcd", profiles: ["z"] },
  );
  const found = (activeProfiles: readonly string[]) => {
    const { transfers, profiles } = ofInactiveProfiles({ ...sketch, activeProfiles }, plan(sketch).transfers);
    return [transfers.map(({ uses }) => uses[0].image), profiles];
  };
  assert.deepEqual(found([]), [
    ["etcd", "redis"],
    ["x", "y", "z"],
  ]);
  assert.deepEqual(found(["y"]), [["etcd"], ["z"]]);
  assert.deepEqual(found(["*"]), [[], []]);
});
