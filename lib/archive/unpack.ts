/** The project's folder of an archive, written to disk: never over other content without a word, and never through links. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LARGEST_FILE } from "../deploy/files/project-files.ts";
import { OwnFolders, strayError } from "../deploy/files/real-paths.ts";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { digestOf } from "../image/digest.ts";
import { isMissing, readRegularFile } from "../system/read-file.ts";
import { writeWhole } from "../system/write-file.ts";
import { formatLock, LOCK_FILE, parseLock } from "../mirror/lock-file.ts";
import { type FolderFile, madeFile } from "./project-folder.ts";
import { type PlacedImage, placedLock } from "./store-archive.ts";

/**
 * The files to write for an archive's: the same, its lock with the names at this machine's mirror. Throws `lock-invalid`,
 * and what reading the archive throws.
 */
export async function folderOf(
  files: readonly FolderFile[],
  placed: readonly PlacedImage[],
): Promise<readonly FolderFile[]> {
  const result: FolderFile[] = [];
  for (const file of files) {
    if (file.name !== LOCK_FILE) {
      result.push(file);
      continue;
    }
    const lock = parseLock(new TextDecoder().decode(await file.read()), LOCK_FILE);
    result.push(madeFile(LOCK_FILE, formatLock(placedLock(lock, placed)), file.mode));
  }
  return result;
}

/** Throws `archive-folder-taken` when `folder` has other content under the name of one of `files`. */
export async function refuseOthers(files: readonly FolderFile[], folder: string): Promise<void> {
  const others: string[] = [];
  for (const { name, sha256 } of files) {
    const there = await contentOf(join(folder, name));
    if (there !== undefined && digestOf(there) !== `sha256:${sha256}`) others.push(name);
  }
  if (others.length > 0) throw new MirrorError("archive-folder-taken", { files: others, folder });
}

/**
 * Writes `files` into `folder`, each whole and with its permission bits. Throws `ship-link` where a folder in it is a link
 * that leads elsewhere, `file-write`.
 */
export async function unpack(files: readonly FolderFile[], folder: string): Promise<void> {
  await makeFolder(folder);
  const own = await OwnFolders.of(folder, []);
  for (const { name, mode, read } of files) {
    const path = join(folder, name);
    await makeFolder(dirname(path));
    const stray = await own.strayOf(dirname(path));
    if (stray !== undefined) throw strayError(stray);
    await writeWhole(path, await read(), { mode });
  }
}

/** What is at `path`: its bytes, or none where something else is; `undefined` when nothing is. */
async function contentOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readRegularFile(path, LARGEST_FILE);
  } catch (error) {
    if (isMissing(error)) return undefined;
    return new Uint8Array();
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new MirrorError("file-write", { file: folder, detail: causeOf(cause) }, { cause });
  }
}
