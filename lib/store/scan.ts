/** Looks through a store's folders: what is there, how large it is, and what killed processes left behind. */
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, digestOfFile, type Paths } from "./files.ts";
import { type Descriptor, MANIFEST_LIMIT, viewManifest } from "../image/manifest.ts";
import { holderOf } from "./process-lock.ts";
import { bytesOf, type Contents, type StoredFile } from "./prune.ts";
import type { StoreSize } from "./store.ts";

/** Registries forget uploads after about a week. */
const UPLOAD_AGE = 7 * 24 * 3600 * 1000;

export async function readContents(paths: Paths, references: ReadonlyMap<string, Descriptor>): Promise<Contents> {
  const blobs = new Map<string, StoredFile>();
  for (const algorithm of await readdir(paths.blobs)) {
    for (const file of await filesOf(join(paths.blobs, algorithm))) {
      const digest = digestOfFile(algorithm, file.name);
      if (digest !== undefined) blobs.set(digest, file);
    }
  }
  const closures = new Map<string, ReadonlySet<string>>();
  for (const { digest } of references.values()) {
    if (!closures.has(digest)) closures.set(digest, await closureOf(digest, blobs));
  }
  return { blobs, partials: await filesOf(paths.partials), references, closures };
}

export function sizeOfContents(contents: Contents): StoreSize {
  const { blobs, partials, references } = contents;
  return {
    bytes: bytesOf(contents),
    blobs: blobs.size,
    partials: partials.length,
    references: references.size,
  };
}

/** Removes files that were being written and locks that were held when a process was killed, and old upload records. */
export async function clearLeftovers(paths: Paths): Promise<void> {
  const folders = [paths.folder, paths.uploads, ...(await readdir(paths.blobs)).map((name) => join(paths.blobs, name))];
  for (const folder of folders) {
    for (const { name, path } of await filesOf(folder)) {
      if (name.startsWith(".") && name.endsWith(".tmp")) await rm(path, { force: true });
    }
  }
  for (const { path } of await filesOf(paths.locks)) {
    if ((await holderOf(path)) === undefined) await rm(path, { force: true });
  }
  for (const { path, used } of await filesOf(paths.uploads)) {
    if (Date.now() - used > UPLOAD_AGE) await rm(path, { force: true });
  }
}

async function filesOf(folder: string): Promise<readonly (StoredFile & { readonly name: string })[]> {
  const files: (StoredFile & { readonly name: string })[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // Another process may remove it meanwhile.
    const info = await stat(path).catch((cause) => {
      if (codeOf(cause) === "ENOENT") return undefined;
      throw cause;
    });
    if (info?.isFile()) files.push({ name, path, bytes: info.size, used: info.mtimeMs });
  }
  return files;
}

/** The manifest and every blob that belongs to it, by the manifests that are here. */
async function closureOf(digest: string, blobs: ReadonlyMap<string, StoredFile>): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const visit = async (each: string): Promise<void> => {
    if (found.has(each)) return;
    found.add(each);
    const file = blobs.get(each);
    if (file === undefined || file.bytes > MANIFEST_LIMIT) return;
    const view = viewManifest(await readFile(file.path));
    for (const child of view?.blobs ?? []) {
      if (view?.isIndex) await visit(child.digest);
      else found.add(child.digest);
    }
  };
  await visit(digest);
  return found;
}
