/**
 * Bounded reads of regular files. A project is somebody else's: a device, a FIFO or an endless file in the place of one
 * of its files must neither block the program nor fill its memory.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";

/** Bytes that one read asks for, so that a file that grows is noticed early. */
const CHUNK = 64 * 1024;

/**
 * The bytes of the regular file at `path`, at most `most` of them. A FIFO is not waited for (`O_NONBLOCK`), and what is
 * no regular file is refused before the first byte is read.
 * Throws `file-read`; its `cause` is the system's error, where there is one.
 */
export async function readRegularFile(path: string, most: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await handle.stat();
      if (stats.isDirectory()) throw unreadable(path, message("file-is-folder"));
      if (!stats.isFile()) throw unreadable(path, message("file-not-regular"));
      const chunks: Uint8Array[] = [];
      let total = 0;
      for (;;) {
        // The size is a hint only: files in /proc have none, and a file may grow.
        const buffer = new Uint8Array(Math.min(Math.max(CHUNK, stats.size - total), most + 1 - total));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) break;
        total += bytesRead;
        if (total > most) throw unreadable(path, message("file-too-large", { most }));
        chunks.push(buffer.subarray(0, bytesRead));
      }
      return Buffer.concat(chunks, total);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof MirrorError) throw cause;
    throw new MirrorError("file-read", { file: path, detail: causeOf(cause) }, { cause });
  }
}

/** Whether reading failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof MirrorError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

function unreadable(file: string, detail: ReturnType<typeof message>): MirrorError {
  return new MirrorError("file-read", { file, detail });
}
