import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { asDockerManifest } from "../../lib/image/docker-format.ts";
import { MEDIA_TYPES, parseManifest } from "../../lib/image/manifest.ts";
import { json } from "../_helpers/registry-images.ts";

const OCI = "application/vnd.oci.image";
const blob = (mediaType: string) => ({ mediaType, digest: digestOf(mediaType), size: mediaType.length });

function manifestOf(mediaType: string, config: string, ...layers: readonly string[]) {
  const bytes = json({ schemaVersion: 2, mediaType, config: blob(config), layers: layers.map(blob), annotations: {} });
  const raw = { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
  const manifest = parseManifest(raw, "app:1");
  assert.ok(manifest.kind === "image");
  return { raw, manifest };
}

test("an OCI manifest becomes one of Docker's, and its blobs keep their digests", () => {
  const layers = ["", "+gzip", "+zstd"].map((each) => `${OCI}.layer.v1.tar${each}`);
  const { raw, manifest } = manifestOf(MEDIA_TYPES.ociManifest, `${OCI}.config.v1+json`, ...layers, "other/type");
  const made = asDockerManifest(raw, manifest);
  assert.equal(made.descriptor.mediaType, MEDIA_TYPES.dockerManifest);
  assert.equal(made.descriptor.digest, digestOf(made.bytes));
  assert.equal(made.descriptor.size, made.bytes.length);
  const read = parseManifest(made, "app:1");
  assert.ok(read.kind === "image");
  const digestsOf = ({ config, layers: all }: typeof manifest) => [config, ...all].map(({ digest }) => digest);
  assert.deepEqual(digestsOf(read), digestsOf(manifest));
  assert.equal(read.config.mediaType, "application/vnd.docker.container.image.v1+json");
  const type = "application/vnd.docker.image.rootfs.diff.tar";
  assert.deepEqual(
    read.layers.map(({ mediaType }) => mediaType),
    [type, `${type}.gzip`, `${type}.zstd`, "other/type"],
  );
});

test("a manifest of Docker's is left as it is", () => {
  const { raw, manifest } = manifestOf(MEDIA_TYPES.dockerManifest, "config", "layer");
  assert.equal(asDockerManifest(raw, manifest), raw);
});
