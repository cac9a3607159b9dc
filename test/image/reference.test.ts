import assert from "node:assert/strict";
import { test } from "node:test";
import { familiarName, formatReference, type ImageReference, parseReference } from "../../lib/image/reference.ts";

const HEX = "0123456789abcdef".repeat(4);
const DIGEST = `sha256:${HEX}`;

const good: readonly [text: string, reference: ImageReference, familiar: string, full: string][] = [
  ["nginx", { registry: "docker.io", repository: "library/nginx" }, "nginx", "docker.io/library/nginx:latest"],
  [
    "nginx:1.27",
    { registry: "docker.io", repository: "library/nginx", tag: "1.27" },
    "nginx:1.27",
    "docker.io/library/nginx:1.27",
  ],
  ["library/nginx", { registry: "docker.io", repository: "library/nginx" }, "nginx", "docker.io/library/nginx:latest"],
  [
    "docker.io/nginx",
    { registry: "docker.io", repository: "library/nginx" },
    "nginx",
    "docker.io/library/nginx:latest",
  ],
  ["index.docker.io/a/b:c", { registry: "docker.io", repository: "a/b", tag: "c" }, "a/b:c", "docker.io/a/b:c"],
  ["localhost/app", { registry: "localhost", repository: "app" }, "localhost/app", "localhost/app:latest"],
  [
    "localhost:5000/app:1",
    { registry: "localhost:5000", repository: "app", tag: "1" },
    "localhost:5000/app:1",
    "localhost:5000/app:1",
  ],
  ["reg:5000/app", { registry: "reg:5000", repository: "app" }, "reg:5000/app", "reg:5000/app:latest"],
  ["team/app", { registry: "docker.io", repository: "team/app" }, "team/app", "docker.io/team/app:latest"],
  [
    "app:5000",
    { registry: "docker.io", repository: "library/app", tag: "5000" },
    "app:5000",
    "docker.io/library/app:5000",
  ],
  ["[::1]:5000/app", { registry: "[::1]:5000", repository: "app" }, "[::1]:5000/app", "[::1]:5000/app:latest"],
  [
    "quay.io/coreos/etcd:v3.5.5",
    { registry: "quay.io", repository: "coreos/etcd", tag: "v3.5.5" },
    "quay.io/coreos/etcd:v3.5.5",
    "quay.io/coreos/etcd:v3.5.5",
  ],
  [
    `redis@${DIGEST}`,
    { registry: "docker.io", repository: "library/redis", digest: DIGEST },
    `redis@${DIGEST}`,
    `docker.io/library/redis@${DIGEST}`,
  ],
  [
    `redis:6@${DIGEST}`,
    { registry: "docker.io", repository: "library/redis", tag: "6", digest: DIGEST },
    `redis:6@${DIGEST}`,
    `docker.io/library/redis:6@${DIGEST}`,
  ],
  [
    "a__b/c.d/e--f:_T.a-g",
    { registry: "docker.io", repository: "a__b/c.d/e--f", tag: "_T.a-g" },
    "a__b/c.d/e--f:_T.a-g",
    "docker.io/a__b/c.d/e--f:_T.a-g",
  ],
  [
    `nginx:${"t".repeat(128)}`,
    { registry: "docker.io", repository: "library/nginx", tag: "t".repeat(128) },
    `nginx:${"t".repeat(128)}`,
    `docker.io/library/nginx:${"t".repeat(128)}`,
  ],
  [
    "Host.Example:443/a",
    { registry: "Host.Example:443", repository: "a" },
    "Host.Example:443/a",
    "Host.Example:443/a:latest",
  ],
];

for (const [text, reference, familiar, full] of good) {
  test(`reads ${text.slice(0, 60)}`, () => {
    assert.deepEqual(parseReference(text), reference);
    assert.equal(familiarName(reference), familiar);
    assert.equal(formatReference(reference), full);
    assert.equal(formatReference(parseReference(full)), full);
  });
}

const bad: readonly string[] = [
  "",
  " ",
  "nginx ",
  "Nginx",
  "a/B",
  "nginx:",
  ":tag",
  "nginx:ta g",
  "/nginx",
  "nginx/",
  "a//b",
  "a___b",
  "-a",
  "a-",
  "a..b",
  "nginx@sha256:abc",
  `nginx@${DIGEST}@${DIGEST}`,
  `nginx@sha256:${HEX.toUpperCase()}`,
  "nginx@",
  HEX,
  `nginx:${"t".repeat(129)}`,
  "https://ghcr.io/a/b",
  "ghcr.io:port/a",
  "-h.io/a",
  "a/b:c:d",
  "a/b\n",
  "$(id)",
  "x".repeat(256),
  "${VAR}",
];

for (const text of bad) {
  test(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
    assert.throws(() => parseReference(text), { code: "reference-invalid", exit: 2 });
  });
}

test("the message names the image and what is wrong with it", () => {
  assert.throws(() => parseReference("a/Beta:1"), {
    message: 'image "a/Beta:1" is not a valid reference: "Beta" has upper-case letters',
  });
});
