/**
 * What stands where in the one file that carries a project:
 *
 *     deploy.sh                 starts the project on the host; first, so that it is found at once
 *     SHA256SUMS                of every other file, in their order
 *     oci-layout, index.json    the images as an OCI image layout, for skopeo, podman and containerd
 *     manifest.json             the images as `docker save` lists them, for every docker
 *     project/…                 the project's folder: compose files, what they need, mirror.lock.json
 *     blobs/ALGORITHM/HEX       manifests, configs and layers, each once
 *
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md,
 * https://github.com/moby/docker-image-spec/blob/main/spec.md (manifest.json). `docker load` takes the layers' paths from
 * manifest.json and reads compressed layers, so both listings share the same blobs.
 */
import { formatDigest, parseDigest } from "../image/digest.ts";
import type { Descriptor } from "../image/manifest.ts";
import type { ImageReference } from "../image/reference.ts";

export const SCRIPT = "deploy.sh";
/** The line of deploy.sh that tells an archive from any other file. */
export const MADE_BY = "# Made by compose-mirror (export).";
export const SUMS = "SHA256SUMS";
export const OCI_LAYOUT = "oci-layout";
export const INDEX = "index.json";
export const DOCKER_MANIFEST = "manifest.json";
export const PROJECT = "project/";

/** Annotations of the images in index.json. */
export const ANNOTATIONS = {
  /** The name for podman and skopeo (image-spec, annotations.md). */
  refName: "org.opencontainers.image.ref.name",
  /** The name for containerd and docker's containerd image store. */
  imageName: "io.containerd.image.name",
  /** The image's public name, by which `import` finds its name at another mirror. */
  source: "compose-mirror.source",
  platform: "compose-mirror.platform",
} as const;

/** An image of an archive. */
export interface CarriedImage {
  /** Its public name. */
  readonly source: ImageReference;
  /** As the compose file in the archive names it; with a tag and without a digest, because `docker load` sets tags only. */
  readonly name: ImageReference;
  readonly platform: string;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** The manifest, the config and the layers of `images`, each once. */
export function blobsIn(images: readonly CarriedImage[]): readonly Descriptor[] {
  const all = images.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers]);
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}

/** The place of a blob. Throws `digest-invalid`. */
export function blobPath(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

/** The digest that a place is of; `undefined` for any other name. */
export function digestAt(path: string): string | undefined {
  const [, algorithm, hex] = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(path) ?? [];
  try {
    return algorithm === undefined ? undefined : formatDigest(parseDigest(`${algorithm}:${hex}`));
  } catch {
    return undefined;
  }
}
