/** The direct engine with real registries of several makes, and on a disk that is full. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { digestOf } from "../../lib/image/digest.ts";
import { createDirectEngine, type DirectEngineOptions } from "../../lib/engine/direct/direct.ts";
import type { Engine, Outcome } from "../../lib/engine/engine.ts";
import { mapConcurrent } from "../../lib/async/map-concurrent.ts";
import type { Transfer } from "../../lib/mirror/transfers.ts";
import { run } from "../../lib/system/process.ts";
import type { Registry } from "../../lib/registry/client.ts";
import { MEDIA_TYPES } from "../../lib/image/manifest.ts";
import { openRegistries } from "../../lib/registry/registries.ts";
import { openStore } from "../../lib/store/open.ts";
import { json, noise } from "../_helpers/registry-images.ts";
import { type Make, MAKES, start } from "./real-registries.ts";

const MIB = 1024 * 1024;

async function push(registry: Registry, repository: string, layers: readonly Uint8Array[]): Promise<void> {
  const blob = async (bytes: Uint8Array, mediaType: string) => {
    const digest = digestOf(bytes);
    await registry.finishUpload(repository, await registry.startUpload(repository), digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const config = await blob(
    json({ os: "linux", architecture: "amd64", repository }),
    "application/vnd.oci.image.config.v1+json",
  );
  const listed = [];
  for (const layer of layers) listed.push(await blob(layer, "application/vnd.oci.image.layer.v1.tar"));
  const bytes = json({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: listed });
  const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.length };
  await registry.putManifest(repository, "1", { descriptor, bytes });
}

async function bytesOf(registry: Registry, repository: string, layer: Uint8Array): Promise<Buffer> {
  const { chunks } = await registry.blob(repository, { mediaType: "", digest: digestOf(layer), size: layer.length }, 0);
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

interface Bed {
  readonly source: Registry;
  readonly target: Registry;
  readonly transfer: (repository: string) => Transfer;
  readonly engine: (store: string, options?: Partial<DirectEngineOptions>) => Promise<Engine>;
  readonly folder: string;
}

async function bed(t: TestContext, make: Make = "distribution 2.8"): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), "distribution-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const source = await start(t, make, join(folder, "source"));
  const target = await start(t, make, join(folder, "target"));
  const registries = await openRegistries({ environment: {}, home: folder, run });
  t.after(() => registries.close());
  return {
    source: registries.of(source),
    target: registries.of(target),
    folder,
    transfer: (repository) => ({
      source: { registry: source, repository, tag: "1" },
      target: { registry: target, repository: `team/${repository}`, tag: "1" },
      platform: "linux/amd64",
      uses: [{ image: repository, services: [] }],
    }),
    engine: async (place, options = {}) => {
      const store = await openStore(place);
      t.after(() => store.close());
      return createDirectEngine({ registries, store, chunkSize: MIB, ...options });
    },
  };
}

const statuses = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.map(({ status, error }) => (error === undefined ? status : `${status} ${error.code}`));

for (const make of MAKES) {
  test(`${make}: images with shared layers arrive in chunks and by mounts, and a second run finds them`, async (t) => {
    const { source, target, transfer, engine, folder } = await bed(t, make);
    const shared = noise("shared", 5 * MIB);
    const names = ["one", "two", "three"];
    for (const name of names) await push(source, name, [shared, noise(name, 2 * MIB + 1), noise(`${name} small`, 100)]);
    for (const expected of ["pushed", "present"]) {
      const { mirror } = await engine(join(folder, "store"));
      const outcomes = await mapConcurrent(names.map(transfer), mirror, { concurrency: 3 });
      assert.deepEqual(statuses(outcomes), [expected, expected, expected]);
    }
    for (const name of names) {
      for (const layer of [shared, noise(name, 2 * MIB + 1)]) {
        assert.deepEqual(await bytesOf(target, `team/${name}`, layer), layer);
      }
    }
  });
}

// distribution alone promises to keep a session and to tell how far it is.
for (const make of ["distribution 2.8", "distribution 3"] as const) {
  test(`${make}: an upload that stopped between chunks goes on in the next run`, async (t) => {
    const { source, target, transfer, engine, folder } = await bed(t, make);
    const layer = noise("large", 6 * MIB);
    await push(source, "app", [layer]);
    const first = await engine(join(folder, "store"));
    assert.equal((await first.pull(transfer("app"))).status, "pulled");
    let upload = await target.startUpload("team/app");
    for (let at = 0; at < 4 * MIB; at += MIB)
      upload = await target.uploadChunk("team/app", upload, layer.subarray(at, at + MIB));
    const store = await openStore(join(folder, "store"));
    t.after(() => store.close());
    const record = { location: upload.location.href, offset: upload.offset };
    await store.setUpload({ registry: target.host, repository: "team/app", digest: digestOf(layer) }, record);
    const sent: number[] = [];
    const { push: send } = await engine(join(folder, "store"));
    const outcome = await send(transfer("app"), {
      onProgress: (progress) => progress.kind === "bytes" && sent.push(progress.done),
    });
    assert.deepEqual(statuses([outcome]), ["pushed"]);
    const isNew = (done: number): boolean => done < 1000 || done >= 4 * MIB;
    assert.ok(sent.every(isNew), `after the small config, nothing that was confirmed is sent again: ${sent.join(" ")}`);
    assert.deepEqual(await bytesOf(target, "team/app", layer), layer);
  });
}

test("a full disk is reported, nothing corrupt is kept, and the run resumes when there is space", async (t) => {
  const { source, target, transfer, engine } = await bed(t);
  const layer = noise("large", 12 * MIB);
  await push(source, "large", [layer]);
  await push(source, "small", [noise("small", 100)]);
  const disk = mkdtempSync(join(tmpdir(), "small-disk-"));
  const mounted = await run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
  assert.equal(mounted.code, 0, mounted.stderr);
  t.after(async () => {
    await run(["umount", "-l", disk]);
    rmSync(disk, { recursive: true });
  });
  const { mirror } = await engine(join(disk, "store"));
  const outcomes = await mapConcurrent(["small", "large"].map(transfer), mirror, { concurrency: 1 });
  assert.deepEqual(statuses(outcomes), ["pushed", "failed store-full"]);
  assert.equal(await target.head("team/large", "1"), undefined);
  const blobs = join(disk, "store", "blobs", "sha256");
  for (const name of readdirSync(blobs)) assert.equal(digestOf(readFileSync(join(blobs, name))), `sha256:${name}`);
  assert.equal((await run(["mount", "-o", "remount,size=64m", disk])).code, 0);
  assert.deepEqual(statuses([await (await engine(join(disk, "store"))).mirror(transfer("large"))]), ["pushed"]);
  assert.deepEqual(await bytesOf(target, "team/large", layer), layer);
});
