/** Images for a little registry, as tools push them. */
import { createHash } from "node:crypto";
import { digestOf } from "../../lib/image/digest.ts";
import { MEDIA_TYPES } from "../../lib/image/manifest.ts";
import type { RegistryServer } from "./registry-server.ts";

export interface ImageSpec {
  readonly repository: string;
  readonly tag: string;
  readonly layers: readonly Uint8Array[];
  /** Every platform of the index; without one the image stands alone, for linux/amd64. */
  readonly platforms?: readonly string[];
  /** The platform that an image without index says of itself. */
  readonly single?: string;
  readonly docker?: boolean;
  readonly attested?: boolean;
}

export interface PutImage {
  /** What the tag names. */
  readonly digest: string;
  /** The image of each platform. */
  readonly children: ReadonlyMap<string, string>;
}

const BLOCK = 64 * 1024;

/** Bytes that look random and are always the same for one seed. */
export function noise(seed: string, length: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  let digits = createHash("sha256").update(seed).digest();
  for (let at = 0; at < BLOCK; at += digits.length) {
    digits.copy(block, at);
    digits = createHash("sha256").update(digits).digest();
  }
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += BLOCK) {
    block.writeUInt32LE(at, 0);
    block.copy(bytes, at);
  }
  return bytes;
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function putImage(server: RegistryServer, spec: ImageSpec): PutImage {
  const { repository, tag, layers, docker = false, attested = false } = spec;
  const manifestType = docker ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  const layerType = docker
    ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
    : "application/vnd.oci.image.layer.v1.tar+gzip";
  const configType = docker
    ? "application/vnd.docker.container.image.v1+json"
    : "application/vnd.oci.image.config.v1+json";
  const blob = (bytes: Uint8Array, mediaType: string) => ({
    mediaType,
    size: bytes.length,
    digest: server.putBlob(repository, bytes),
  });
  const imageFor = (platform: string): Buffer => {
    const config = blob(json({ ...platformOf(platform), created: `${repository}:${tag}` }), configType);
    return json({
      schemaVersion: 2,
      mediaType: manifestType,
      config,
      layers: layers.map((layer) => blob(layer, layerType)),
    });
  };
  if (spec.platforms === undefined) {
    const bytes = imageFor(spec.single ?? "linux/amd64");
    return { digest: server.putManifest(repository, tag, manifestType, bytes), children: new Map() };
  }
  const children = new Map<string, string>();
  const entries = spec.platforms.map((platform) => {
    const bytes = imageFor(platform);
    const digest = digestOf(bytes);
    server.putManifest(repository, digest, manifestType, bytes);
    children.set(platform, digest);
    return { mediaType: manifestType, digest, size: bytes.length, platform: platformOf(platform) };
  });
  const attestation = () => {
    const config = blob(json({ architecture: "unknown", os: "unknown" }), configType);
    const bytes = json({
      schemaVersion: 2,
      mediaType: manifestType,
      config,
      layers: [blob(json({ _type: repository }), "application/vnd.in-toto+json")],
    });
    const digest = server.putManifest(repository, digestOf(bytes), manifestType, bytes);
    return {
      mediaType: manifestType,
      digest,
      size: bytes.length,
      platform: { os: "unknown", architecture: "unknown" },
    };
  };
  const mediaType = docker ? MEDIA_TYPES.dockerIndex : MEDIA_TYPES.ociIndex;
  const index = json({ schemaVersion: 2, mediaType, manifests: [...entries, ...(attested ? [attestation()] : [])] });
  return { digest: server.putManifest(repository, tag, mediaType, index), children };
}

function platformOf(platform: string) {
  const [os, architecture, variant] = platform.split("/");
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
