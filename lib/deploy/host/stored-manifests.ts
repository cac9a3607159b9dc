/** What the content store knows of the mirrored images, to be held against what the host's engine can read. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type Descriptor, MANIFEST_LIMIT, viewManifest } from "../../image/manifest.ts";
import type { ReadManifest } from "../../image/readability.ts";
import { formatReference } from "../../image/reference.ts";
import type { LockedImage } from "../../mirror/lock-file.ts";
import { openStore } from "../../store/open.ts";

/** A manifest as the store has it. */
export interface StoredManifest extends ReadManifest {
  readonly layers: readonly Pick<Descriptor, "mediaType" | "digest" | "size">[];
}

/**
 * The manifests of the images of `lock` that the store in `folder` has, by the names at the mirror. It gives none for
 * an image that was mirrored on another machine or by another engine, and none at all for a store that is absent or
 * cannot be read.
 */
export async function storedManifests(
  folder: string,
  lock: readonly LockedImage[] = [],
): Promise<readonly StoredManifest[]> {
  if (lock.length === 0 || !existsSync(join(folder, "oci-layout"))) return [];
  try {
    const store = await openStore(folder, { access: "read" });
    try {
      const found: StoredManifest[] = [];
      for (const { mirror, mirrorDigest } of lock) {
        if (!(await store.has(mirrorDigest))) continue;
        const bytes = await buffer(await store.read(mirrorDigest, { end: MANIFEST_LIMIT }));
        const view = viewManifest(bytes);
        if (view === undefined || view.isIndex) continue;
        found.push({ name: formatReference(mirror), mediaType: view.mediaType, layers: view.blobs });
      }
      return found;
    } finally {
      await store.close();
    }
  } catch {
    // A deploy works without a store; the commands that need one report its errors.
    return [];
  }
}
