/** The images of an archive: what the compose file in it calls them, and what of them the content store has. */
import type { Project } from "../compose/project.ts";
import { checkPlatform, parseManifest } from "../image/manifest.ts";
import { wantedPlatform } from "../image/platform.ts";
import { familiarName, formatReference, type ImageReference, parseReference } from "../image/reference.ts";
import { MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import type { Plan, Transfer } from "../mirror/transfers.ts";
import { storeName } from "../store/store-name.ts";
import type { Store } from "../store/store.ts";
import { byName } from "../system/compare.ts";
import type { CarriedImage } from "./layout.ts";

/** How the images are named: as the project's own files name them, or as its mirror compose file does. */
export type Names = "source" | "mirror";

/**
 * Every image to carry. A host without a registry needs those too that are at the mirror by their own name, which no
 * other command moves; they are their own targets. `platform` is that of services that name none.
 */
export function carriedTransfers(
  { transfers, present }: Plan,
  { services }: Pick<Project, "services">,
  platform: string,
): readonly Transfer[] {
  const there = present.map((users): Transfer => {
    const source = parseReference(users.image);
    const { registry, repository, tag = source.digest?.replace(":", "-") ?? "latest" } = source;
    const service = services.find(({ name }) => users.services.includes(name));
    return {
      source,
      target: { registry, repository, tag },
      platform: wantedPlatform(service?.platform ?? platform),
      uses: [users],
    };
  });
  return [...transfers, ...there];
}

/** The name of an image in the archive; `pullRegistry` takes the registry's place in a name at the mirror. */
export function nameInArchive(
  { source, target }: Transfer,
  { names, pullRegistry }: { readonly names: Names; readonly pullRegistry?: string | undefined },
): ImageReference {
  const isMoved = source.registry !== target.registry || source.repository !== target.repository;
  // A target always has a tag, made of the digest where the source has no tag: `docker load` sets no digests.
  const { tag = "latest" } = target;
  if (names === "source" || !isMoved) return { registry: source.registry, repository: source.repository, tag };
  return { registry: pullRegistry ?? target.registry, repository: target.repository, tag };
}

/**
 * The transfer's image as the store has it; `undefined` where something of it is missing, or what is there is for another
 * platform. Throws `manifest-invalid` for what is no image, `blob-corrupt`, and what the store throws.
 */
export async function storedImage(
  store: Store,
  transfer: Transfer,
  name: ImageReference,
): Promise<CarriedImage | undefined> {
  const { source, target, platform } = transfer;
  const manifest = await store.reference(storeName(target));
  if (manifest === undefined || !(await store.has(manifest.digest, manifest.size))) return undefined;
  const raw = { descriptor: manifest, bytes: await store.readBytes(manifest.digest) };
  const parsed = parseManifest(raw, familiarName(source));
  if (parsed.kind === "index") {
    throw new MirrorError("manifest-invalid", { name: familiarName(source), detail: message("manifest-is-index") });
  }
  const { config, layers } = parsed;
  for (const { digest, size } of [config, ...layers]) if (!(await store.has(digest, size))) return undefined;
  if (!isFor(platform, await store.readBytes(config.digest))) return undefined;
  return { source, name, platform, manifest, config, layers };
}

function isFor(platform: string, config: Uint8Array): boolean {
  try {
    checkPlatform(config, platform, "");
    return true;
  } catch (error) {
    if (error instanceof MirrorError && error.code === "image-platform") return false;
    throw error;
  }
}

/** In code-point order of their names, so that the same project gives the same archive. */
export function inOrder(images: readonly CarriedImage[]): readonly CarriedImage[] {
  return images.toSorted(byName(({ name }) => formatReference(name)));
}

/** The images that have a layer that docker before 23 cannot read. */
export function withZstd(images: readonly CarriedImage[]): readonly CarriedImage[] {
  return images.filter(({ layers }) => layers.some(({ mediaType }) => mediaType.endsWith("zstd")));
}
