/** Where things are in the store's folder, and what its file operations share. */
import type { Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { formatDigest, parseDigest } from "../image/digest.ts";
import { causeOf, MirrorError } from "../messages/errors.ts";

/** Paths in a store. Throws `digest-invalid` for a digest that could name another path. */
export interface Paths {
  readonly folder: string;
  readonly layout: string;
  readonly index: string;
  readonly blobs: string;
  readonly partials: string;
  readonly locks: string;
  readonly sessions: string;
  readonly uploads: string;
  readonly blob: (digest: string) => string;
  readonly partial: (digest: string) => string;
  readonly lock: (digest: string) => string;
}

export function pathsOf(folder: string): Paths {
  return {
    folder,
    layout: join(folder, "oci-layout"),
    index: join(folder, "index.json"),
    blobs: join(folder, "blobs"),
    partials: join(folder, "partial"),
    locks: join(folder, "locks"),
    sessions: join(folder, "sessions"),
    uploads: join(folder, "uploads"),
    blob: (digest) => join(folder, "blobs", parseDigest(digest).algorithm, parseDigest(digest).hex),
    partial: (digest) => join(folder, "partial", flat(digest)),
    lock: (digest) => join(folder, "locks", flat(digest)),
  };
}

/** A digest as a file's name. */
function flat(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `${algorithm}-${hex}`;
}

/** The digest that a file is named by; `undefined` for any other name. */
export function digestOfFile(algorithm: string, hex: string): string | undefined {
  try {
    return formatDigest(parseDigest(`${algorithm}:${hex}`));
  } catch {
    return undefined;
  }
}

export function codeOf(cause: unknown): string | undefined {
  return (cause as NodeJS.ErrnoException | undefined)?.code;
}

/** Tells one state of a file from another: it changes whenever the file is written or replaced. */
export function markOf({ ino, size, mtimeMs }: Pick<Stats, "ino" | "size" | "mtimeMs">): string {
  return `${ino} ${size} ${mtimeMs}`;
}

/** The file's size; `undefined` when there is none. Throws file system errors. */
export async function sizeOfFile(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw cause;
  }
}

/** The file's bytes from `position` up to `end`, which may grow meanwhile; each chunk is the reader's own. */
export async function* readFrom(
  handle: FileHandle,
  position: number,
  end: () => number,
  chunkSize = 1024 * 1024,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = position; at < end();) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end() - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Runs `action`; a file system error in it becomes the store's. */
export async function guard<T>(
  folder: string,
  what: "store-read" | "store-write",
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw storeError(folder, what, error);
  }
}

const CODES: Readonly<Record<string, "store-full" | "store-open-files">> = {
  ENOSPC: "store-full",
  EDQUOT: "store-full",
  EMFILE: "store-open-files",
  ENFILE: "store-open-files",
};

export function storeError(folder: string, what: "store-read" | "store-write", error: unknown): MirrorError {
  const cause = error instanceof MirrorError && error.code === "file-write" ? error.cause : error;
  if (cause instanceof MirrorError) return cause;
  return new MirrorError(CODES[codeOf(cause) ?? ""] ?? what, { folder, detail: causeOf(cause) }, { cause });
}

/**
 * Smaller blobs are not flushed, as thousands of flushes take longer than everything else. One that a power cut spoils
 * is noticed by its size or its hash when it is used, and costs little to fetch again.
 */
export const FLUSH_FROM = 256 * 1024;

const syncs = new Map<string, { readonly running: Promise<void>; next: Promise<void> | undefined }>();

/**
 * Makes renames in `folder` outlast a power cut. Calls that come while one is at work share the next one. Where a
 * folder cannot be flushed (Windows), its file system keeps the order by itself.
 */
export function syncFolder(folder: string): Promise<void> {
  const current = syncs.get(folder);
  if (current !== undefined) return (current.next ??= current.running.catch(() => {}).then(() => startSync(folder)));
  return startSync(folder);
}

function startSync(folder: string): Promise<void> {
  const running = sync(folder).finally(() => {
    if (syncs.get(folder)?.next === undefined) syncs.delete(folder);
  });
  syncs.set(folder, { running, next: undefined });
  return running;
}

async function sync(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (!["EPERM", "EISDIR", "EACCES", "EINVAL", "EBADF"].includes(codeOf(cause) ?? "")) throw cause;
  }
}
