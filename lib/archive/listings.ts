/** The lists of an archive's images: index.json of the OCI layout, and manifest.json of `docker save`. */
import { MEDIA_TYPES } from "../image/manifest.ts";
import { familiarName, formatReference } from "../image/reference.ts";
import { ANNOTATIONS, blobPath, type CarriedImage } from "./layout.ts";

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file */
export function ociIndex(images: readonly CarriedImage[]): string {
  const manifests = images.map(({ source, name, platform, manifest: { mediaType, digest, size } }) => {
    const [os, architecture, variant] = platform.split("/");
    const full = formatReference(name);
    return {
      mediaType,
      digest,
      size,
      platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
      annotations: {
        [ANNOTATIONS.refName]: full,
        [ANNOTATIONS.imageName]: full,
        [ANNOTATIONS.source]: formatReference(source),
        [ANNOTATIONS.platform]: platform,
      },
    };
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
}

/** One entry for each image, so that every reader takes the tags in the same way. */
export function dockerManifest(images: readonly CarriedImage[]): string {
  return JSON.stringify(
    images.map(({ name, config, layers }) => ({
      Config: blobPath(config.digest),
      RepoTags: [familiarName(name)],
      Layers: layers.map(({ digest }) => blobPath(digest)),
    })),
  );
}
