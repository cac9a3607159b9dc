import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSourceMirror, placesOf } from "../../lib/registry/source-mirror.ts";

test("a login in a source mirror is refused, and not shown", () => {
  for (const text of ["docker.io=me:s3cret@m.example", "docker.io=me:a/s3cret=b@m.example/hub"]) {
    assert.throws(
      () => parseSourceMirror(text),
      (error: Error) => error.message.includes("[REDACTED]@m.example") && !error.message.includes("s3cret"),
    );
  }
});

test("good ones", () => {
  const cases: readonly (readonly [text: string, mirror: object])[] = [
    ["docker.io=mirror.example", { registry: "docker.io", host: "mirror.example" }],
    [" docker.io = mirror.example:5000/hub/ ", { registry: "docker.io", host: "mirror.example:5000", prefix: "hub" }],
    ["index.docker.io=m.example/a/b", { registry: "docker.io", host: "m.example", prefix: "a/b" }],
    ["ghcr.io=localhost:5000", { registry: "ghcr.io", host: "localhost:5000" }],
  ];
  for (const [text, mirror] of cases) assert.deepEqual(parseSourceMirror(text), mirror, text);
});

test("bad ones", () => {
  for (const text of [
    "",
    "docker.io",
    "=m.example",
    "docker.io=",
    "a=b=c",
    "docker.io=https://m.example",
    "docker.io=m.example/../x",
  ]) {
    assert.throws(() => parseSourceMirror(text), { code: "source-mirror-invalid" }, text);
  }
});

test("mirrors of the registry in their order, the registry itself last", () => {
  const mirrors = ["docker.io=a.example/hub", "ghcr.io=g.example", "docker.io=b.example"].map(parseSourceMirror);
  assert.deepEqual(placesOf({ registry: "docker.io", repository: "library/nginx" }, mirrors), [
    { host: "a.example", repository: "hub/library/nginx" },
    { host: "b.example", repository: "library/nginx" },
    { host: "docker.io", repository: "library/nginx" },
  ]);
  assert.deepEqual(placesOf({ registry: "quay.io", repository: "a/b" }, mirrors), [
    { host: "quay.io", repository: "a/b" },
  ]);
});
