import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { blobPath, type CarriedImage } from "../../lib/archive/layout.ts";
import { dockerManifest, ociIndex } from "../../lib/archive/listings.ts";
import { readArchive } from "../../lib/archive/read.ts";
import { openArchive } from "../../lib/archive/source.ts";
import { digestOf } from "../../lib/image/digest.ts";
import { MEDIA_TYPES } from "../../lib/image/manifest.ts";
import { parseReference } from "../../lib/image/reference.ts";
import type { MirrorError } from "../../lib/messages/errors.ts";
import { tar } from "../../lib/system/tar.ts";

type Contents = Readonly<Record<string, Uint8Array>>;

const layer = Buffer.from("layer");
const config = Buffer.from("{}");
const described = (bytes: Uint8Array, mediaType = "") => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, config: described(config), layers: [described(layer)] }),
);
const image: CarriedImage = {
  source: parseReference("nginx:1"),
  name: parseReference("nginx:1"),
  platform: "linux/amd64",
  manifest: described(manifest, MEDIA_TYPES.ociManifest),
  config: described(config),
  layers: [described(layer)],
};

const GOOD: Contents = {
  "deploy.sh": Buffer.from("#!/bin/bash\n"),
  "oci-layout": Buffer.from("{}"),
  "index.json": Buffer.from(ociIndex([image])),
  "manifest.json": Buffer.from(dockerManifest([image])),
  "project/conf/a b.conf": Buffer.from("a\n"),
  [blobPath(digestOf(manifest))]: manifest,
  [blobPath(digestOf(config))]: config,
  [blobPath(digestOf(layer))]: layer,
};

/** The archive of `contents`, with the sums of `summed`. */
function archiveOf(contents: Contents, summed: Contents = contents): Buffer {
  const sums = Object.entries(summed).map(
    ([name, bytes]) => `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`,
  );
  const entries = Object.entries({ ...contents, SHA256SUMS: Buffer.from(sums.join("")) });
  return tar(entries.map(([name, bytes]) => ({ name, mode: 0o644, bytes })));
}

async function read(bytes: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), "archive-"));
  try {
    await writeFile(join(folder, "a.tar"), bytes);
    const source = await openArchive(join(folder, "a.tar"));
    try {
      return await readArchive(source);
    } finally {
      await source.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

const without = (name: string): Contents => Object.fromEntries(Object.entries(GOOD).filter(([each]) => each !== name));

test("an archive gives its images, its files and the places of its blobs", async () => {
  const { images, files, blobs } = await read(archiveOf(GOOD));
  assert.deepEqual(images, [image]);
  assert.deepEqual(
    files.map(({ name, mode, size }) => [name, mode, size]),
    [["conf/a b.conf", 0o644, 2]],
  );
  assert.deepEqual([...blobs.keys()].toSorted(), [manifest, config, layer].map((each) => digestOf(each)).toSorted());
});

test("names that no archive has are refused", async () => {
  for (const name of [
    "../evil",
    "/etc/passwd",
    "project/../evil",
    "project//evil",
    "project/",
    "project/a\nb",
    "project\\..\\evil",
    "project/a\\b",
    "blobs/sha256/../../evil",
    `blobs/sha256/${"A".repeat(64)}`,
    "blobs/sha256/abc",
    blobPath(digestOf("not of any image")),
    "other",
  ]) {
    await assert.rejects(read(archiveOf({ ...GOOD, [name]: Buffer.from("x") })), (error: MirrorError) => {
      assert.equal(error.code, "archive-invalid", name);
      assert.equal(error.exit, 2);
      return true;
    });
  }
});

test("lists that do not fit are refused before anything is used", async () => {
  const index = JSON.parse(ociIndex([image])) as { readonly manifests: readonly Record<string, unknown>[] };
  const changed = (change: Record<string, unknown>): Contents => ({
    ...GOOD,
    "index.json": Buffer.from(JSON.stringify({ manifests: [{ ...index.manifests[0], ...change }] })),
  });
  const larger = { ...GOOD, [blobPath(digestOf(layer))]: Buffer.from("layer and more") };
  for (const [contents, summed, code] of [
    [without("index.json"), undefined, "archive-invalid"],
    [without(blobPath(digestOf(layer))), undefined, "archive-invalid"],
    [without(blobPath(digestOf(manifest))), undefined, "archive-invalid"],
    [{ ...GOOD, "index.json": Buffer.from("[") }, undefined, "archive-invalid"],
    [{ ...GOOD, "index.json": Buffer.from("null") }, undefined, "archive-invalid"],
    [changed({ digest: "sha256:../../x" }), undefined, "archive-invalid"],
    [changed({ annotations: undefined }), undefined, "archive-invalid"],
    [changed({ size: -1 }), undefined, "archive-invalid"],
    [changed({ digest: digestOf(config), size: config.length }), undefined, "archive-invalid"],
    [larger, undefined, "archive-damaged"],
    [{ ...GOOD, "project/conf/a b.conf": Buffer.from("b\n") }, GOOD, "archive-damaged"],
    [{ ...GOOD, "manifest.json": Buffer.from("[]") }, GOOD, "archive-damaged"],
    [GOOD, without("deploy.sh"), "archive-damaged"],
  ] as const) {
    await assert.rejects(read(archiveOf(contents, summed ?? contents)), { code });
  }
});

test("an archive that is cut off is damaged; what is no archive at all is said to be none", async () => {
  await assert.rejects(read(archiveOf(GOOD).subarray(0, 2000)), { code: "archive-damaged" });
  await assert.rejects(read(Buffer.from("no archive".repeat(100))), { code: "archive-invalid" });
  await assert.rejects(read(Buffer.alloc(0)), { code: "archive-invalid" });
  await assert.rejects(read(Buffer.alloc(1024)), { code: "archive-invalid" });
});

test("the same name twice is refused", async () => {
  const entry = { name: "deploy.sh", mode: 0o755, bytes: Buffer.from("x") };
  await assert.rejects(read(tar([entry, entry])), { code: "archive-invalid" });
});
