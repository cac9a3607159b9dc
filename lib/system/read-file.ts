/**
 * The one way to open a file that somebody else may have named: only a regular file is read, and never more than a
 * number of bytes. A FIFO would wait for a writer, /dev/zero never ends, and opening a socket fails in odd words.
 */
import { constants, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { causeOf, MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";

export interface ReadFile {
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * Reads `file`, following links, when it is a regular file of at most `most` bytes; what follows the size at the time
 * of opening is read too, up to `most`. /dev/null is an empty file, the usual way to say that there is none.
 * Throws `file-read`, `file-large`.
 */
export async function readRegular(file: string, most: number): Promise<ReadFile> {
  if (file === "/dev/null") return { bytes: Buffer.alloc(0), mode: 0o666 };
  try {
    // O_NONBLOCK: opening a FIFO that nobody writes to returns at once (open(2)).
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      const other = kindOf(stat);
      if (other !== undefined) throw new MirrorError("file-read", { file, detail: other });
      if (stat.size > most) throw new MirrorError("file-large", { file, most });
      let bytes = Buffer.allocUnsafe(stat.size + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
        if (length > most) throw new MirrorError("file-large", { file, most });
        if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(Math.max(length, 65_536))]);
      }
      return { bytes: bytes.subarray(0, length), mode: stat.mode & 0o777 };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof MirrorError) throw cause;
    // A socket cannot be opened (ENXIO).
    const detail = (cause as NodeJS.ErrnoException).code === "ENXIO" ? message("file-is-socket") : causeOf(cause);
    throw new MirrorError("file-read", { file, detail }, { cause });
  }
}

/** The bytes alone, for what needs no mode. */
export async function readRegularFile(file: string, most: number): Promise<Uint8Array> {
  return (await readRegular(file, most)).bytes;
}

/** Whether reading failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof MirrorError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

/** What a file is when it is no regular one. */
export function kindOf(stat: Stats): Message | undefined {
  if (stat.isFile()) return undefined;
  if (stat.isDirectory()) return message("file-is-folder");
  if (stat.isFIFO()) return message("file-is-fifo");
  return stat.isSocket() ? message("file-is-socket") : message("file-is-device");
}
