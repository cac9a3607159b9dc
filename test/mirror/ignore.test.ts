import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIgnoreList } from "../../lib/mirror/ignore.ts";
import { parseReference } from "../../lib/image/reference.ts";

function ignores(text: string, image: string): boolean {
  return parseIgnoreList(text).ignores(parseReference(image), image);
}

const cases: readonly [pattern: string, image: string, ignored: boolean][] = [
  ["vastdata/vastbase-vector", "vastdata/vastbase-vector", true],
  ["vastdata/vastbase-vector", "vastdata/vastbase-vector:1.0", true],
  ["vastdata/vastbase-vector:1", "vastdata/vastbase-vector:2", false],
  ["nginx:latest", "nginx", true],
  ["nginx:*", "nginx", true],
  ["nginx:*", "nginx-exporter:1", false],
  ["nginx", "nginx-exporter:1", true],
  ["docker.io/library/nginx", "nginx:1", true],
  ["*/dify-*", "langgenius/dify-api:1", true],
  ["*:latest", "redis:6", false],
  ["*:latest", "certbot/certbot", true],
  ["quay.io/", "quay.io/coreos/etcd:v3", true],
  ["coreos/etcd", "quay.io/coreos/etcd:v3", false],
  ["a.c", "abc", false],
  ["ngin[x]", "nginx", false],
  ["***", "anything", true],
];

for (const [pattern, image, ignored] of cases) {
  test(`${pattern} ${ignored ? "ignores" : "leaves"} ${image}`, () => assert.equal(ignores(pattern, image), ignored));
}

test("comments, blank lines, CRLF and a BOM", () => {
  const text = "\uFEFF# why\r\n\r\n  redis  # cache\r\n#nginx\r\n";
  assert.equal(ignores(text, "redis:6"), true);
  assert.equal(ignores(text, "nginx"), false);
  assert.equal(ignores("", "nginx"), false);
});

test("many stars do not backtrack", () => {
  assert.equal(ignores(`${"*a".repeat(30)}!`, "a".repeat(60)), false);
});

test("a line with = renames", () => {
  const { renames, ignores: isIgnored } = parseIgnoreList("ghcr.io/foo/bar = foo-bar-ghcr\n");
  assert.deepEqual(renames, [{ source: { registry: "ghcr.io", repository: "foo/bar" }, name: "foo-bar-ghcr" }]);
  assert.equal(isIgnored(parseReference("ghcr.io/foo/bar"), "ghcr.io/foo/bar"), false);
  assert.throws(() => parseIgnoreList("nginx=\n"), { code: "rename-invalid" });
});
