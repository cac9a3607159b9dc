/** Which bytes of a run belong to which images: a blob is stored and moved once, however many images have it. */
import type { BlobRecord, ImageRecord } from "./record.ts";

/** The blobs that exactly these images have. */
export interface SharedGroup {
  /** Names of the images, as the compose file writes them. */
  readonly images: readonly string[];
  readonly blobs: readonly BlobRecord[];
  readonly bytes: number;
}

/** The blobs of `images` by the set of images that have them, the most bytes first. */
export function groupsOf(images: readonly ImageRecord[]): readonly SharedGroup[] {
  const owners = new Map<string, { readonly blob: BlobRecord; readonly images: string[] }>();
  for (const { source, blobs = [] } of images) {
    for (const blob of blobs) {
      const entry = owners.get(blob.digest) ?? { blob, images: [] };
      entry.images.push(source);
      owners.set(blob.digest, entry);
    }
  }
  const groups = new Map<string, { readonly images: readonly string[]; readonly blobs: BlobRecord[] }>();
  for (const { blob, images: names } of owners.values()) {
    const key = JSON.stringify(names);
    const group = groups.get(key) ?? { images: names, blobs: [] };
    group.blobs.push(blob);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map((group) => ({ ...group, bytes: sizeOf(group.blobs) }))
    .toSorted((a, b) => b.bytes - a.bytes);
}

function sizeOf(blobs: readonly BlobRecord[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}
