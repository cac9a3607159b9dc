import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { storedManifests } from "../../../lib/deploy/host/stored-manifests.ts";
import { MEDIA_TYPES } from "../../../lib/image/manifest.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import type { LockedImage } from "../../../lib/mirror/lock-file.ts";
import { addBlob, addImage, inStoreFolder, withStore } from "../../_helpers/store-folder.ts";

function locked(mirrorDigest: string, mirror = "r.example/team/web:1"): LockedImage {
  return {
    source: parseReference("web:1"),
    platform: "linux/amd64",
    sourceDigest: mirrorDigest,
    mirror: parseReference(mirror),
    mirrorDigest,
    size: 1,
  };
}

test("the manifests that the store has, with their types", () =>
  withStore(async (store) => {
    const oci = await addImage(store, "team/web:1", ["layer"]);
    const docker = await addBlob(
      store,
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.dockerManifest, config: {}, layers: [] }),
    );
    const text = await addBlob(store, "not a manifest");
    const absent = `sha256:${"0".repeat(64)}`;
    const lock = [oci, docker, text, absent].map((digest, index) => locked(digest, `r.example/team/web:${index}`));
    const found = await storedManifests(store.folder, lock);
    assert.deepEqual(
      found.map(({ name, mediaType }) => [name, mediaType]),
      [
        ["r.example/team/web:0", MEDIA_TYPES.ociManifest],
        ["r.example/team/web:1", MEDIA_TYPES.dockerManifest],
      ],
    );
    assert.equal(found[0]!.layers.length, 2);
  }));

test("no store is made, and one that is none stops nobody", () =>
  inStoreFolder(async (folder) => {
    const lock = [locked(`sha256:${"0".repeat(64)}`)];
    assert.deepEqual(await storedManifests(folder, lock), []);
    assert.equal(existsSync(folder), false);
    await mkdir(folder);
    await writeFile(join(folder, "oci-layout"), "something else");
    assert.deepEqual(await storedManifests(folder, lock), []);
  }));
