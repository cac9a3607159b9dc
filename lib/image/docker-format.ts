/**
 * An image's manifest as Docker schema 2, for engines that read no OCI manifests (docker 1.13 to 17). Config and layers
 * stay as they are, with their digests; only their media types are named otherwise
 * (https://distribution.github.io/distribution/spec/manifest-v2-2/). Annotations have no place there and are dropped.
 */
import { digestOf } from "./digest.ts";
import { type Descriptor, type Manifest, MEDIA_TYPES, type RawManifest } from "./manifest.ts";

const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar";
const COMPRESSIONS = [".gzip", ".zstd"];

/** The manifest in Docker's format, with the digest that it has then; one that is in it already as it is. */
export function asDockerManifest(
  raw: RawManifest,
  { config, layers }: Pick<Extract<Manifest, { kind: "image" }>, "config" | "layers">,
): RawManifest {
  if (raw.descriptor.mediaType === MEDIA_TYPES.dockerManifest) return raw;
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.dockerManifest,
    config: named(config, CONFIG),
    layers: layers.map((layer) => named(layer, layerType(layer))),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return {
    bytes,
    descriptor: named({ ...raw.descriptor, digest: digestOf(bytes), size: bytes.length }, manifest.mediaType),
  };
}

/** Docker's name of a layer's type; a type of neither format stays, for the registry to judge. */
function layerType({ mediaType }: Descriptor): string {
  if (!mediaType.startsWith("application/vnd.oci.image.layer.v1.tar")) return mediaType;
  return LAYER + (COMPRESSIONS.find((each) => mediaType.endsWith(each.replace(".", "+"))) ?? "");
}

function named({ digest, size }: Descriptor, mediaType: string): Descriptor {
  return { mediaType, size, digest };
}
