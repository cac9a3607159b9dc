/**
 * Images made on the spot, as builders push them: an index with amd64 and arm64 and an attestation for each, gzipped
 * layers with real files, base layers that several images share. The content is noise, so nothing of it is pulled from
 * anywhere, and the same name always gives the same bytes.
 */
import { createCipheriv, createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { tar, type TarEntry } from "../system/tar.ts";
import { digestOf } from "../image/digest.ts";
import { formatReference, type ImageReference, withDefaultTag } from "../image/reference.ts";
import { type Descriptor, MEDIA_TYPES } from "../image/manifest.ts";
import type { Store } from "../store/store.ts";

const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";
const MIB = 1024 * 1024;
/** Systems that images are built on. */
const BASES = ["alpine-3.20", "debian-12", "ubi-9"];
const BASE_SIZE = 8 * MIB;
/** Nobody mirrors it, so it need not be large. */
const OTHER_PLATFORM_SIZE = MIB / 16;

/** Makes an image for each name and stores it as `REGISTRY/REPOSITORY:TAG`. */
export async function makeImages(store: Store, images: readonly ImageReference[]): Promise<void> {
  for (const [index, image] of images.entries()) {
    const base = BASES[index % BASES.length]!;
    const { digest, size } = await makeIndex(store, formatReference(image), base);
    const { registry, repository, tag } = withDefaultTag(image);
    await store.setReference(`${registry}/${repository}:${tag}`, { mediaType: MEDIA_TYPES.ociIndex, digest, size });
  }
}

async function makeIndex(store: Store, name: string, base: string): Promise<Descriptor> {
  const manifests: object[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const image = await makeImage(store, { name, base, architecture });
    manifests.push({ ...image, platform: { os: "linux", architecture } });
  }
  for (const { digest } of [...manifests] as Descriptor[]) {
    const annotations = { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest };
    const platform = { os: "unknown", architecture: "unknown" };
    manifests.push({ ...(await makeAttestation(store, digest)), annotations, platform });
  }
  return put(store, MEDIA_TYPES.ociIndex, json({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }));
}

async function makeImage(
  store: Store,
  { name, base, architecture }: { readonly name: string; readonly base: string; readonly architecture: string },
): Promise<Descriptor> {
  const isMain = architecture === "amd64";
  const own = 1 + (createHash("sha256").update(name).digest()[0]! % 8);
  const archives = [
    archive(`${base} ${architecture}`, "usr/lib/base.bin", isMain ? BASE_SIZE : OTHER_PLATFORM_SIZE),
    archive(`${name} libraries ${architecture}`, "usr/lib/app.bin", isMain ? own * MIB : OTHER_PLATFORM_SIZE),
    archive(`${name} program ${architecture}`, "app/server.bin", isMain ? MIB : OTHER_PLATFORM_SIZE),
  ];
  const layers: Descriptor[] = [];
  // Noise does not get smaller, so it is only wrapped.
  for (const each of archives) layers.push(await put(store, LAYER_TYPE, gzipSync(each, { level: 0 })));
  const config = json({
    os: "linux",
    architecture,
    config: { Entrypoint: ["/app/server.bin"], Labels: { "org.opencontainers.image.title": name } },
    rootfs: { type: "layers", diff_ids: archives.map(digestOf) },
    history: [{ created_by: `FROM ${base}` }, { created_by: "COPY libraries" }, { created_by: "COPY server" }],
  });
  return putManifest(store, await put(store, CONFIG_TYPE, config), layers);
}

async function makeAttestation(store: Store, subject: string): Promise<Descriptor> {
  const statement = json({ _type: "https://in-toto.io/Statement/v0.1", subject: [{ digest: subject }] });
  const config = json({ os: "unknown", architecture: "unknown", rootfs: { type: "layers", diff_ids: [] } });
  return putManifest(store, await put(store, CONFIG_TYPE, config), [
    await put(store, "application/vnd.in-toto+json", statement),
  ]);
}

async function putManifest(store: Store, config: Descriptor, layers: readonly Descriptor[]): Promise<Descriptor> {
  const mediaType = MEDIA_TYPES.ociManifest;
  return put(store, mediaType, json({ schemaVersion: 2, mediaType, config, layers }));
}

async function put(store: Store, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const digest = digestOf(bytes);
  await store.writeBytes(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function archive(seed: string, name: string, size: number): Buffer {
  const entries: readonly TarEntry[] = [
    { name, mode: 0o755, bytes: noise(seed, size) },
    { name: `etc/${name.replaceAll("/", "-")}.txt`, mode: 0o644, bytes: Buffer.from(`${seed}\n`) },
  ];
  return tar(entries);
}

/** Bytes without a pattern, always the same for one seed. */
function noise(seed: string, size: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
