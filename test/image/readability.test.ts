import assert from "node:assert/strict";
import { test } from "node:test";
import { MEDIA_TYPES } from "../../lib/image/manifest.ts";
import { type Reader, readsFeature, unreadableBy } from "../../lib/image/readability.ts";
import { render } from "../../lib/messages/message.ts";

const GZIP = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" };
const ZSTD = { mediaType: "application/vnd.oci.image.layer.v1.tar+zstd" };
const IMAGES = [
  { name: "oci", mediaType: MEDIA_TYPES.ociManifest, layers: [GZIP] },
  { name: "zstd", mediaType: MEDIA_TYPES.ociManifest, layers: [GZIP, ZSTD] },
  { name: "docker", mediaType: MEDIA_TYPES.dockerManifest, layers: [] },
];

const CASES: readonly (readonly [kind: Reader["kind"], version: string, unreadable: readonly string[]])[] = [
  ["docker", "1.9.1", ["oci oci-manifest", "zstd oci-manifest", "zstd zstd-layer"]],
  ["docker", "1.13.1", ["oci oci-manifest", "zstd oci-manifest", "zstd zstd-layer"]],
  ["docker", "17.12.1-ce", ["oci oci-manifest", "zstd oci-manifest", "zstd zstd-layer"]],
  ["docker", "18.09.9", ["zstd zstd-layer"]],
  ["docker", "20.10.24", ["zstd zstd-layer"]],
  ["docker", "23.0.0", []],
  ["docker", "28.3.2", []],
  ["docker", "dev", []],
  ["docker", "", []],
  ["podman", "1.4.2", ["zstd zstd-layer"]],
  ["podman", "1.4.4", []],
  ["podman", "1.6.4", []],
  ["podman", "4.9.4", []],
  ["containerd", "v1.4.13", ["zstd zstd-layer"]],
  ["containerd", "1.7.20", []],
];

for (const [kind, version, expected] of CASES) {
  test(`${kind} "${version}" cannot read ${expected.join(", ") || "nothing"}`, () => {
    const found = unreadableBy({ kind, version }, IMAGES);
    assert.deepEqual(
      found.map(({ name, feature }) => `${name} ${feature}`),
      expected,
    );
    for (const { name, since, reason } of found)
      for (const language of ["en", "zh"] as const)
        for (const part of [name, since, version]) assert.ok(render(reason, language).includes(part));
  });
}

test("whether a version reads a feature, or nobody can tell", () => {
  assert.equal(readsFeature({ kind: "docker", version: "22.06" }, "zstd-layer"), false);
  assert.equal(readsFeature({ kind: "docker", version: "23.0" }, "zstd-layer"), true);
  assert.equal(readsFeature({ kind: "docker", version: "dev" }, "zstd-layer"), undefined);
  assert.equal(readsFeature({ kind: "podman", version: "dev" }, "oci-manifest"), true);
});
