import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { checkPlatform, choosePlatform, isDigest, MEDIA_TYPES, parseManifest } from "../../lib/image/manifest.ts";
import { json } from "../_helpers/registry-images.ts";

const DIGEST = digestOf("content");
const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: DIGEST, size: 7 };
const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: 6 };
const read = (value: unknown, mediaType: string = MEDIA_TYPES.ociManifest) => {
  const bytes = typeof value === "string" ? Buffer.from(value) : json(value);
  return parseManifest({ descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }, "app:1");
};

test("an image and an index, of both families", () => {
  const image = { kind: "image", config, layers: [layer] };
  assert.deepEqual(read({ schemaVersion: 2, config, layers: [layer] }), image);
  assert.deepEqual(read({ schemaVersion: 2, mediaType: MEDIA_TYPES.dockerManifest, config, layers: [layer] }), image);
  const entry = { mediaType: MEDIA_TYPES.ociManifest, digest: DIGEST, size: 7 };
  const index = read({
    manifests: [{ ...entry, platform: { os: "linux", architecture: "arm64", variant: "v8" } }, entry],
  });
  assert.deepEqual(index, { kind: "index", entries: [{ ...entry, platform: "linux/arm64" }, entry] });
});

const BAD: readonly (readonly [what: string, value: unknown, message: RegExp, mediaType?: string])[] = [
  ["no JSON", "x", /not JSON/],
  ["null", "null", /not a JSON object/],
  ["a list", "[]", /not a JSON object/],
  ["neither image nor index", {}, /not an image/],
  ["both image and index", { config, layers: [], manifests: [] }, /not an image/],
  ["schema 1", { schemaVersion: 1 }, /schema 1/, "application/vnd.docker.distribution.manifest.v1+json"],
  ["a config that is no descriptor", { config: 5, layers: [] }, /not a digest/],
  ["a digest that is a path", { config, layers: [{ ...layer, digest: "sha256:../../etc/passwd" }] }, /not a digest/],
  ["a digest of a weak hash", { config, layers: [{ ...layer, digest: `md5:${"0".repeat(32)}` }] }, /not a digest/],
  ["a negative size", { config, layers: [{ ...layer, size: -1 }] }, /no valid size/],
  ["a size that is no number", { config, layers: [{ ...layer, size: "7" }] }, /no valid size/],
  ["a layer at a URL", { config, layers: [{ ...layer, urls: ["https://x.example"] }] }, /outside the registry/],
  [
    "a layer that is never distributed",
    { config, layers: [{ ...layer, mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" }] },
    /outside the registry/,
  ],
  ["too many layers", { config, layers: Array.from({ length: 10_001 }, () => layer) }, /10001 blobs/],
];

for (const [what, value, message, mediaType] of BAD) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => read(value, mediaType),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "manifest-invalid");
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

const entries = ["linux/amd64", "linux/arm64", "linux/arm/v6", "windows/amd64", "unknown/unknown"].map((platform) => ({
  mediaType: MEDIA_TYPES.ociManifest,
  digest: digestOf(platform),
  size: 1,
  platform,
}));
const CHOICES: readonly (readonly [wanted: string, chosen: string | undefined])[] = [
  ["linux/amd64", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64"],
  ["linux/arm64", "linux/arm64"],
  ["linux/arm/v7", "linux/arm/v6"],
  ["linux/arm/v5", undefined],
  ["windows/amd64", "windows/amd64"],
  ["linux/s390x", undefined],
  ["unknown/unknown", undefined],
];

for (const [wanted, chosen] of CHOICES) {
  test(`for ${wanted} ${chosen ?? "nothing"} is chosen`, () => {
    if (chosen !== undefined) return assert.equal(choosePlatform(entries, wanted, "app:1").platform, chosen);
    return assert.throws(() => choosePlatform(entries, wanted, "app:1"), {
      code: "image-platform",
      message: /offered for linux\/amd64, linux\/arm\/v6, linux\/arm64, windows\/amd64$/,
    });
  });
}

test("an attestation that claims a platform's name is no image", () => {
  const attestation = { ...entries[0]!, mediaType: "application/vnd.in-toto+json" };
  assert.throws(() => choosePlatform([attestation], "linux/amd64", "app:1"), { code: "image-platform" });
});

const check = (value: unknown) => () => checkPlatform(json(value), "linux/amd64", "app:1");

test("a config says which platform an image is for", () => {
  checkPlatform(json({ os: "linux", architecture: "amd64" }), "linux/amd64", "app:1");
  checkPlatform(json({ os: "linux", architecture: "arm", variant: "v6" }), "linux/arm/v7", "app:1");
  assert.throws(check({ os: "linux", architecture: "arm64", variant: "v8" }), { code: "image-platform" });
  for (const value of [{}, null, 5, { os: "linux" }, { os: 1, architecture: 2 }])
    assert.throws(check(value), { code: "manifest-invalid" });
  assert.throws(() => checkPlatform(Buffer.from("{"), "linux/amd64", "app:1"), { code: "manifest-invalid" });
});

test("what is a digest", () => {
  assert.ok(isDigest(DIGEST));
  assert.ok(isDigest(`sha512:${"0".repeat(128)}`));
  for (const text of ["", "latest", "sha256:", DIGEST.toUpperCase(), `${DIGEST}0`, `${DIGEST}\n`])
    assert.ok(!isDigest(text), text);
});
