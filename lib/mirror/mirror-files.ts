/** Writing what names the mirrored images: with the permissions of the project's own files, and nothing stale beside it. */
import { rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Project } from "../compose/project.ts";
import { isImagesDocument, MIRROR_IMAGES_FILE, type Rewrite } from "../compose/rewrite.ts";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { readRegularFile } from "../system/read-file.ts";
import { writeFiles } from "../system/write-file.ts";

/** Bytes; what is larger is not a file of ours. */
const LARGEST_IMAGES_FILE = 4 << 20;

/** What became of the folder besides the files of the result. */
export interface WrittenMirror {
  /** Absolute path of a file of an earlier result, which was removed: docker-compose v1 would go on running it. */
  readonly removed?: string;
}

/**
 * The permission bits for what is made from the project's compose files: those that all of them have, without the
 * execute bits, so that a secret in a file of mode 600 stays in files of mode 600. Throws `file-read`.
 */
export async function modeOf({ composeFiles }: Pick<Project, "composeFiles">): Promise<number> {
  let mode = 0o666;
  for (const file of composeFiles) {
    try {
      mode &= (await stat(file)).mode;
    } catch (cause) {
      throw new MirrorError("file-read", { file, detail: causeOf(cause) }, { cause });
    }
  }
  return mode;
}

/** Writes the files of `rewrite`, each whole. Throws `file-write`, `file-read`. */
export async function writeMirror(project: Pick<Project, "composeFiles" | "files">, { files }: Rewrite) {
  const mode = await modeOf(project);
  await writeFiles(files.map(({ path, text }) => ({ path, text, mode })));
  const images = join(dirname(files[0].path), MIRROR_IMAGES_FILE);
  const isKept = project.files.has(images) || files.some(({ path }) => path === images) || !(await isOurs(images));
  return isKept ? {} : remove(images);
}

async function remove(file: string): Promise<WrittenMirror> {
  try {
    await rm(file);
  } catch (cause) {
    throw new MirrorError("file-write", { file, detail: causeOf(cause) }, { cause });
  }
  return { removed: file };
}

/** Whether the file was written by an earlier run, which its contents tell. */
async function isOurs(file: string): Promise<boolean> {
  try {
    return isImagesDocument(new TextDecoder().decode(await readRegularFile(file, LARGEST_IMAGES_FILE)));
  } catch (error) {
    if (error instanceof MirrorError) return false;
    throw error;
  }
}
