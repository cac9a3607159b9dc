/** What to remove from a store to bring it below a limit: decided here as a value, done by the store. */
import type { Descriptor } from "./store.ts";

/** A file of a blob, finished or partial. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

export interface Contents {
  readonly blobs: ReadonlyMap<string, StoredFile>;
  readonly partials: readonly StoredFile[];
  readonly references: ReadonlyMap<string, Descriptor>;
  /** For each digest of a manifest that is here, every blob that belongs to it, itself included. */
  readonly closures: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface PrunePlan {
  readonly references: readonly string[];
  readonly files: readonly StoredFile[];
}

export function bytesOf({ blobs, partials }: Pick<Contents, "blobs" | "partials">): number {
  return [...blobs.values(), ...partials].reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * First partial blobs and blobs that belong to no name, then names with what belongs to them alone; of each kind, what
 * was not used for longest goes first. Stops as soon as at most `limit` bytes are left.
 */
export function planPrune(contents: Contents, limit: number): PrunePlan {
  const { blobs, partials, references, closures } = contents;
  const files: StoredFile[] = [];
  const removed: string[] = [];
  let left = bytesOf(contents);
  const remove = (file: StoredFile): void => {
    files.push(file);
    left -= file.bytes;
  };

  const users = new Map<string, number>();
  for (const manifest of references.values()) {
    for (const digest of closureOf(manifest.digest)) users.set(digest, (users.get(digest) ?? 0) + 1);
  }
  const loose = [...blobs].filter(([digest]) => !users.has(digest)).map(([, file]) => file);
  for (const file of byUse([...partials, ...loose], (each) => each.used)) {
    if (left <= limit) break;
    remove(file);
  }
  const usedOf = (manifest: Descriptor): number => blobs.get(manifest.digest)?.used ?? 0;
  for (const [name, manifest] of byUse([...references], ([, each]) => usedOf(each))) {
    if (left <= limit) break;
    removed.push(name);
    for (const digest of closureOf(manifest.digest)) {
      const others = users.get(digest)! - 1;
      users.set(digest, others);
      const file = blobs.get(digest);
      if (others === 0 && file !== undefined) remove(file);
    }
  }
  return { references: removed.toSorted(), files };

  function closureOf(digest: string): ReadonlySet<string> {
    return closures.get(digest) ?? new Set([digest]);
  }
}

function byUse<T>(items: readonly T[], used: (item: T) => number): readonly T[] {
  return items.toSorted((a, b) => used(a) - used(b));
}
