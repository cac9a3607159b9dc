/** What to remove from a store to bring it below a limit: decided here as a value, done by the store. */
import { byCodePoint } from "../system/compare.ts";
import type { Descriptor } from "../image/manifest.ts";

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
 * Takes what was not used for longest first, be it a partial blob, a blob that belongs to no name, or a name with what
 * belongs to it alone. Stops as soon as at most `limit` bytes are left.
 */
export function planPrune(contents: Contents, limit: number): PrunePlan {
  const { blobs, partials, references, closures } = contents;
  const closureOf = (digest: string): ReadonlySet<string> => closures.get(digest) ?? new Set([digest]);
  const users = new Map<string, number>();
  for (const { digest } of references.values()) {
    for (const each of closureOf(digest)) users.set(each, (users.get(each) ?? 0) + 1);
  }
  const loose = [...blobs].filter(([digest]) => !users.has(digest)).map(([, file]) => file);
  const candidates: readonly { readonly used: number; readonly file?: StoredFile; readonly name?: string }[] = [
    ...[...partials, ...loose].map((file) => ({ used: file.used, file })),
    ...[...references].map(([name, { digest }]) => ({ used: blobs.get(digest)?.used ?? 0, name })),
  ];

  const files: StoredFile[] = [];
  const removed: string[] = [];
  let left = bytesOf(contents);
  const remove = (file: StoredFile): void => {
    files.push(file);
    left -= file.bytes;
  };
  for (const { file, name } of candidates.toSorted((a, b) => a.used - b.used)) {
    if (left <= limit) break;
    if (file !== undefined) remove(file);
    if (name === undefined) continue;
    removed.push(name);
    for (const digest of closureOf(references.get(name)!.digest)) {
      const others = users.get(digest)! - 1;
      users.set(digest, others);
      const blob = blobs.get(digest);
      if (others === 0 && blob !== undefined) remove(blob);
    }
  }
  return { references: removed.toSorted(byCodePoint), files };
}

/** `contents` after `plan` was carried out. */
export function without(contents: Contents, plan: PrunePlan): Contents {
  const files = new Set(plan.files.map(({ path }) => path));
  const names = new Set(plan.references);
  return {
    ...contents,
    blobs: new Map([...contents.blobs].filter(([, { path }]) => !files.has(path))),
    partials: contents.partials.filter(({ path }) => !files.has(path)),
    references: new Map([...contents.references].filter(([name]) => !names.has(name))),
  };
}
