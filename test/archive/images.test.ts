import assert from "node:assert/strict";
import { test } from "node:test";
import { carriedTransfers, nameInArchive, storedImage } from "../../lib/archive/images.ts";
import { MEDIA_TYPES } from "../../lib/image/manifest.ts";
import { familiarName, parseReference } from "../../lib/image/reference.ts";
import { mapReferences } from "../../lib/mirror/mapping.ts";
import type { Transfer } from "../../lib/mirror/transfers.ts";
import { addBlob, addImage, withStore } from "../_helpers/store-folder.ts";

const HEX = "a".repeat(64);

function transferOf(image: string): Transfer {
  const source = parseReference(image);
  const [target] = mapReferences([source], { registry: "registry.example", namespace: "team" });
  return { source, target: target!, platform: "linux/amd64", uses: [{ image, services: ["web"] }] };
}

test("names have a tag and no digest, as docker load sets them", () => {
  for (const [image, source, mirror] of [
    ["nginx", "nginx:latest", "pull.example/team/nginx:latest"],
    ["ghcr.io/a/b:2", "ghcr.io/a/b:2", "pull.example/team/a-b:2"],
    [`redis:7@sha256:${HEX}`, "redis:7", "pull.example/team/redis:7"],
    [`redis@sha256:${HEX}`, `redis:sha256-${HEX}`, `pull.example/team/redis:sha256-${HEX}`],
  ] as const) {
    const transfer = transferOf(image);
    assert.equal(familiarName(nameInArchive(transfer, { names: "source", pullRegistry: "pull.example" })), source);
    assert.equal(familiarName(nameInArchive(transfer, { names: "mirror", pullRegistry: "pull.example" })), mirror);
  }
});

test("an image that is at the mirror by its own name is carried too, under that name", () => {
  const image = "registry.example/team/own:1";
  const services = [{ name: "own", image, platform: "linux/arm64" }] as never;
  const plan = { transfers: [], ignored: [], built: [], present: [{ image, services: ["own"] }] };
  const [transfer] = carriedTransfers(plan, { services }, "linux/amd64");
  assert.equal(transfer?.platform, "linux/arm64");
  assert.equal(familiarName(nameInArchive(transfer, { names: "mirror", pullRegistry: "pull.example" })), image);
});

test("an image counts as stored when all of it is there, for its platform", () =>
  withStore(async (store) => {
    const transfer = transferOf("nginx:1.27");
    const name = nameInArchive(transfer, { names: "source" });
    assert.equal(await storedImage(store, transfer, name), undefined);
    await addImage(store, "team/nginx:1.27", ["layer"]);
    const image = await storedImage(store, transfer, name);
    assert.equal(image?.layers.length, 1);
    assert.equal(
      await storedImage(store, { ...transfer, target: parseReference("a.b/team/nginx:2") }, name),
      undefined,
    );
    const config = JSON.stringify({ os: "linux", architecture: "arm64" });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: "", digest: await addBlob(store, config), size: config.length },
      layers: [],
    });
    const digest = await addBlob(store, manifest);
    await store.setReference("team/nginx:1.27", { mediaType: MEDIA_TYPES.ociManifest, digest, size: manifest.length });
    assert.equal(await storedImage(store, transfer, name), undefined);
    assert.ok(await storedImage(store, { ...transfer, platform: "linux/arm64" }, name));
  }));
