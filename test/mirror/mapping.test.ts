import assert from "node:assert/strict";
import { test } from "node:test";
import { mapReferences, type MappingOptions, parseRename } from "../../lib/mirror/mapping.ts";
import { formatReference, parseReference } from "../../lib/image/reference.ts";

const MIRROR: MappingOptions = { registry: "registry.example.com", namespace: "team" };
const HEX = "ab".repeat(32);

function map(sources: readonly string[], options: Partial<MappingOptions> = {}): readonly string[] {
  return mapReferences(sources.map(parseReference), { ...MIRROR, ...options }).map(formatReference);
}

const cases: readonly [source: string, name: string][] = [
  ["nginx", "nginx:latest"],
  ["docker.io/library/nginx:1", "nginx:1"],
  ["langgenius/dify-api:2.0.0-beta.2", "langgenius-dify-api:2.0.0-beta.2"],
  ["ghcr.io/chroma-core/chroma:0.5.20", "chroma-core-chroma:0.5.20"],
  ["container-registry.oracle.com/database/free:latest", "database-free:latest"],
  ["localhost:5000/app:1", "app:1"],
  ["quay.io/library/x:1", "library-x:1"],
  [`redis:6@sha256:${HEX}`, "redis:6"],
  [`redis@sha256:${HEX}`, `redis:sha256-${HEX}`],
  ["minio/minio:RELEASE.2023-03-20T20-16-18Z", "minio-minio:RELEASE.2023-03-20T20-16-18Z"],
];

for (const [source, name] of cases) {
  test(`${source.slice(0, 50)} is stored as ${name.slice(0, 40)}`, () => {
    assert.deepEqual(map([source]), [`registry.example.com/team/${name}`]);
  });
}

test("a registry with a port and a namespace of two parts", () => {
  assert.deepEqual(map(["nginx"], { registry: "r.example:5443", namespace: "a/b" }), [
    "r.example:5443/a/b/nginx:latest",
  ]);
});

test("a repository name outside 2 to 64 characters gets a hash, and two never the same one", () => {
  const long = "organisation/".repeat(5);
  const names = map([`${long}one:1`, `${long}two:1`, "x:1"]).map((name) => name.split("/").at(-1)!.split(":")[0]!);
  for (const name of names) assert.match(name, /^[a-z0-9][a-z0-9_.-]*-[0-9a-f]{8}$/);
  for (const name of names) assert.ok(name.length >= 2 && name.length <= 64, name);
  assert.equal(new Set(names).size, 3);
  assert.ok(names[0]!.startsWith("organisation-organisation-"));
  assert.deepEqual(map([`${"a".repeat(31)}/${"b".repeat(32)}`]), [
    `registry.example.com/team/${"a".repeat(31)}-${"b".repeat(32)}:latest`,
  ]);
});

test("no separator is left where a long name was cut", () => {
  const [name] = map([`${"a".repeat(54)}/${"b".repeat(30)}`]);
  assert.match(name!, /\/a{54}-[0-9a-f]{8}:latest$/);
});

test("two sources of one mirror name are refused, naming both and with a hint", () => {
  assert.throws(
    () => map(["ghcr.io/foo/bar:1", "foo/bar:1"]),
    (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, "mapping-collision");
      assert.match(error.message, /"ghcr\.io\/foo\/bar:1" and "foo\/bar:1".*"registry\.example\.com\/team\/foo-bar:1"/);
      assert.match(error.hint ?? "", /--rename.*--on-collision prefix-host/);
      return true;
    },
  );
});

test("spellings of one image do not collide, other tags of one repository neither", () => {
  assert.deepEqual(map(["nginx", "docker.io/library/nginx:latest", "nginx:1", "quay.io/x/nginx:2"]).length, 4);
});

test("prefix-host puts the registry host in front of the colliding names only", () => {
  assert.deepEqual(
    map(["ghcr.io/foo/bar:1", "foo/bar:1", "r.example:5000/foo/bar:1", "nginx:1"], { onCollision: "prefix-host" }),
    [
      "registry.example.com/team/ghcr.io-foo-bar:1",
      "registry.example.com/team/docker.io-foo-bar:1",
      "registry.example.com/team/r.example-5000-foo-bar:1",
      "registry.example.com/team/nginx:1",
    ],
  );
});

test("a tag and the same tag pinned to a digest collide whatever the rule: the hint is a rename", () => {
  const sources = ["redis:6", `redis:6@sha256:${HEX}`];
  assert.throws(() => map(sources, { onCollision: "prefix-host" }), { code: "mapping-collision" });
  const renames = [parseRename(`redis:6@sha256:${HEX}=redis-pinned`)];
  assert.deepEqual(map(sources, { renames }), [
    "registry.example.com/team/redis:6",
    "registry.example.com/team/redis-pinned:6",
  ]);
});

test("a rename without a tag holds for every tag, one with a tag for that one", () => {
  assert.deepEqual(map(["nginx:1", "nginx:2"], { renames: [parseRename("nginx = web")] }), [
    "registry.example.com/team/web:1",
    "registry.example.com/team/web:2",
  ]);
  assert.deepEqual(map(["nginx:1", "nginx:2"], { renames: [parseRename("docker.io/library/nginx:2=web")] }), [
    "registry.example.com/team/nginx:1",
    "registry.example.com/team/web:2",
  ]);
});

for (const text of [
  "nginx",
  "=x",
  "nginx=",
  "a=b=c",
  "nginx=Web",
  "nginx=a/b",
  "nginx=x",
  `nginx=${"n".repeat(65)}`,
  "nginx=-web",
]) {
  test(`refuses the rename ${text.slice(0, 40)}`, () => {
    assert.throws(() => parseRename(text), { code: "rename-invalid", exit: 2 });
  });
}

for (const registry of ["", "https://r.example", "r.example/path", "-x", "r example", "r.example:"]) {
  test(`refuses the registry ${JSON.stringify(registry)}`, () => {
    assert.throws(() => map(["nginx"], { registry }), { code: "registry-invalid", exit: 2 });
  });
}

for (const namespace of ["", "Team", "a//b", "a b", "/a", "team/"]) {
  test(`refuses the namespace ${JSON.stringify(namespace)}`, () => {
    assert.throws(() => map(["nginx"], { namespace }), { code: "namespace-invalid", exit: 2 });
  });
}

for (const registry of [
  "registry.cn-hangzhou.aliyuncs.com",
  "registry-vpc.cn-hangzhou.aliyuncs.com",
  "crpi-1a2b.cn-hangzhou.personal.cr.aliyuncs.com:443",
]) {
  test(`a namespace of two levels is refused at ${registry}`, () => {
    assert.equal(map(["nginx"], { registry, namespace: "team" }).length, 1);
    assert.throws(() => map(["nginx"], { registry, namespace: "team/dify" }), {
      code: "namespace-invalid",
      message: /one level/,
    });
  });
}

test("an enterprise instance takes a namespace of two levels", () => {
  const registry = "mine-registry.cn-hangzhou.cr.aliyuncs.com";
  assert.equal(map(["nginx"], { registry, namespace: "team/dify" }).length, 1);
});

test("a login before a registry's host is not shown", () => {
  assert.throws(
    () => map(["nginx"], { registry: "me:s3cret/x@registry.example" }),
    (error: Error) => error.message.includes("[REDACTED]@registry.example") && !error.message.includes("s3cret"),
  );
});
