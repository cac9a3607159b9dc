/** An archive's images into the content store, under the names by which the other commands look for them. */
import { formatReference, type ImageReference } from "../image/reference.ts";
import { causeOf, MirrorError } from "../messages/errors.ts";
import type { LockedImage } from "../mirror/lock-file.ts";
import { mapReferences, type MappingOptions } from "../mirror/mapping.ts";
import { storeName } from "../store/store-name.ts";
import type { Store } from "../store/store.ts";
import type { CarriedImage } from "./layout.ts";
import { damaged, type ReadArchive } from "./read.ts";
import type { ArchiveSource } from "./source.ts";

/** An image with its place at the mirror of this machine's settings, which may be another than the archive's. */
export interface PlacedImage {
  readonly image: CarriedImage;
  readonly target: ImageReference;
}

/** Gives every image its place at the mirror. Throws what `mapReferences` throws. */
export function placeImages(images: readonly CarriedImage[], mapping: MappingOptions): readonly PlacedImage[] {
  const targets = mapReferences(
    images.map(({ source }) => source),
    mapping,
  );
  return images.map((image, index) => ({ image, target: targets[index]! }));
}

/** The lock of the archive with the names at this machine's mirror. */
export function placedLock(lock: readonly LockedImage[], placed: readonly PlacedImage[]): readonly LockedImage[] {
  const targets = new Map(placed.map(({ image, target }) => [formatReference(image.source), target]));
  return lock.flatMap((locked) => {
    const mirror = targets.get(formatReference(locked.source));
    return mirror === undefined ? [] : [{ ...locked, mirror }];
  });
}

export interface StoreArchiveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that are in the store by now, of those of the archive's blobs. */
  readonly onBytes?: (done: number, total: number) => void;
}

export interface StoredArchive {
  /** Bytes of the blobs that were copied, and of those that were there. */
  readonly copied: number;
  readonly present: number;
}

/**
 * Copies what the store lacks of the archive's blobs, each verified, then names the images: as this machine's mirror
 * does, and as the archive's compose files do. Throws `archive-damaged` (what was verified before stays, and a later run
 * does not copy it again), `interrupted`, and what the store throws.
 */
export async function storeArchive(
  source: ArchiveSource,
  { blobs }: Pick<ReadArchive, "blobs">,
  { store, placed }: { readonly store: Store; readonly placed: readonly PlacedImage[] },
  { signal, onBytes }: StoreArchiveOptions = {},
): Promise<StoredArchive> {
  const total = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  let [copied, present] = [0, 0];
  for (const [digest, place] of blobs) {
    const { start, size } = place;
    if (await store.has(digest, size)) {
      present += size;
      onBytes?.(copied + present, total);
      continue;
    }
    const partial = await store.partial(digest, { size, signal });
    if (partial === undefined) continue;
    try {
      present += partial.size;
      for await (const chunk of source.chunks(start + partial.size, start + size)) {
        if (signal?.aborted) throw new MirrorError("interrupted");
        await partial.append(chunk);
        copied += chunk.length;
        onBytes?.(copied + present, total);
      }
      await partial.finish();
    } catch (error) {
      if (error instanceof MirrorError && error.code === "blob-corrupt") throw damaged(source, place, causeOf(error));
      throw error;
    } finally {
      await partial.close();
    }
  }
  for (const { image, target } of placed) {
    await store.setReference(storeName(target), image.manifest);
    if (isMirrorName(image)) await store.setReference(storeName(image.name), image.manifest);
  }
  return { copied, present };
}

/** Whether the archive's compose file names the image at a mirror, from which a host may be told to pull. */
function isMirrorName({ source, name }: CarriedImage): boolean {
  return source.registry !== name.registry || source.repository !== name.repository;
}
