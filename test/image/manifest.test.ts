import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import {
  checkPlatform,
  choosePlatform,
  isDigest,
  manifestTypeOf,
  MEDIA_TYPES,
  parseManifest,
  viewManifest,
} from "../../lib/image/manifest.ts";
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
  ["a config without a digest", { config: {}, layers: [] }, /: "" is not a digest/],
  ["a digest that is no text", { config: { ...config, digest: [7] }, layers: [] }, /: "\[7\]" is not a digest/],
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
    assert.equal(check(value)()?.code, "platform-assumed");
  assert.throws(() => checkPlatform(Buffer.from("{"), "linux/amd64", "app:1"), { code: "manifest-invalid" });
});

test("the only entry that names no platform is taken where none fits", () => {
  const { platform: _, ...silent } = entries[0]!;
  const other = { ...silent, digest: digestOf("other") };
  assert.equal(choosePlatform([silent], "linux/amd64", "app:1"), silent);
  assert.equal(choosePlatform([entries[1]!, silent, entries[4]!], "linux/s390x", "app:1"), silent);
  assert.equal(choosePlatform([silent, entries[1]!], "linux/arm64", "app:1"), entries[1]);
  assert.throws(() => choosePlatform([silent, other], "linux/amd64", "app:1"), { code: "image-platform" });
});

const CONFIG = { mediaType: "application/vnd.docker.container.image.v1+json", digest: DIGEST, size: 1 };
const TYPES: readonly (readonly [body: object, header: string, type: string])[] = [
  [{ mediaType: MEDIA_TYPES.dockerManifest, config: CONFIG, layers: [] }, "text/plain", MEDIA_TYPES.dockerManifest],
  [{ mediaType: MEDIA_TYPES.ociIndex, manifests: [] }, MEDIA_TYPES.dockerIndex, MEDIA_TYPES.ociIndex],
  [{ mediaType: "text/html", config: CONFIG, layers: [] }, MEDIA_TYPES.ociManifest, MEDIA_TYPES.ociManifest],
  [{ config: CONFIG, layers: [] }, "application/json", MEDIA_TYPES.dockerManifest],
  [{ config: { ...CONFIG, mediaType: "x" }, layers: [] }, "application/octet-stream", MEDIA_TYPES.ociManifest],
  [{ manifests: [] }, "", MEDIA_TYPES.ociIndex],
];

for (const [body, header, type] of TYPES) {
  test(`${JSON.stringify(body).slice(0, 60)} sent as "${header}" is ${type}`, () => {
    const bytes = json(body);
    const descriptor = { mediaType: header, digest: digestOf(bytes), size: bytes.length };
    assert.equal(manifestTypeOf({ descriptor, bytes }), type);
    assert.equal(viewManifest(bytes)?.isIndex, "manifests" in body);
  });
}

test("a lenient view skips what is no descriptor, and is nothing for what is no manifest", () => {
  const listed = [null, 5, { digest: "../x", size: 1 }, { digest: DIGEST }, { digest: DIGEST, size: 7 }];
  assert.deepEqual(viewManifest(json({ manifests: listed }))?.blobs, [{ digest: DIGEST, size: 7 }]);
  for (const text of ["", "{", "[]", "{}", "null", '"x"']) assert.equal(viewManifest(Buffer.from(text)), undefined);
});

test("what is a digest", () => {
  assert.ok(isDigest(DIGEST));
  assert.ok(isDigest(`sha512:${"0".repeat(128)}`));
  for (const text of ["", "latest", "sha256:", DIGEST.toUpperCase(), `${DIGEST}0`, `${DIGEST}\n`])
    assert.ok(!isDigest(text), text);
});
