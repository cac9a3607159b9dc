/** Which bytes of a run belong to which images: a blob is stored and moved once, however many images have it. */
import type { BlobRecord, ImageRecord } from "./record.ts";

/** The blobs that exactly these images have. */
export interface SharedGroup {
  /** Names of the images, as the compose file writes them. */
  readonly images: readonly string[];
  readonly blobs: readonly BlobRecord[];
  readonly bytes: number;
}

export interface Totals {
  /** Sum of the images' sizes. */
  readonly bytes: number;
  /** Bytes of all blobs, each counted once; absent where the engine does not report blobs. */
  readonly distinct?: number;
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

export function totalsOf(images: readonly ImageRecord[]): Totals {
  const sized = images.filter(({ bytes }) => bytes !== undefined);
  const bytes = sized.reduce((sum, image) => sum + (image.bytes ?? 0), 0);
  if (sized.length === 0 || sized.some(({ blobs }) => blobs === undefined)) return { bytes };
  return { bytes, distinct: groupsOf(images).reduce((sum, group) => sum + group.bytes, 0) };
}

function sizeOf(blobs: readonly BlobRecord[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}
