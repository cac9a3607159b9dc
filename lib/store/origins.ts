/**
 * Which source repository the image of a mirror name was last taken from: one small file for each mirror name. Projects
 * on this machine share the store, so a run learns here that a name belongs to another project's image. The folder is
 * hidden, because engines that keep images elsewhere write it where there is no store yet.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, parseDigest } from "../image/digest.ts";
import { isMissing, readRegularFile } from "../system/read-file.ts";
import { writeWhole } from "../system/write-file.ts";
import { guard } from "./files.ts";

/** Bytes; both names have 255 characters at most for each of their parts. */
const LARGEST = 4096;

/** The source repository that `target` was last taken from; `undefined` when none is recorded. Throws `file-read`. */
export async function readOrigin(folder: string, target: string): Promise<string | undefined> {
  try {
    const bytes = await readRegularFile(fileOf(folder, target), LARGEST);
    const value = JSON.parse(new TextDecoder().decode(bytes)) as { target?: unknown; source?: unknown } | null;
    return value?.target === target && typeof value.source === "string" ? value.source : undefined;
  } catch (error) {
    // A damaged record says nothing; it is written again after the transfer.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Records that `target` holds an image of the repository `source`. Throws `store-write`, `store-full`. */
export async function writeOrigin(folder: string, target: string, source: string): Promise<void> {
  await guard(folder, "store-write", async () => {
    await mkdir(join(folder, FOLDER), { recursive: true, mode: 0o700 });
    await writeWhole(fileOf(folder, target), JSON.stringify({ target, source }), { confidential: true, flush: false });
  });
}

const FOLDER = ".origins";

function fileOf(folder: string, target: string): string {
  return join(folder, FOLDER, `${parseDigest(digestOf(target)).hex}.json`);
}
