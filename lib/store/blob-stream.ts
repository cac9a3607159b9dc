/** A finished blob, or a part of it, as a stream that fails before its last bytes when the hash is not right. */
import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { readFrom } from "./files.ts";

const READ_SIZE = 256 * 1024;

export interface BlobStreamSpec {
  /** Closed with the stream. */
  readonly handle: FileHandle;
  readonly start: number;
  /** The first byte not wanted. */
  readonly end: number;
  readonly hash?: Hash;
  /** Called with the hash's hexadecimal digits before the last bytes; what it throws fails the stream. */
  readonly check?: (hex: string) => Promise<void>;
}

export function blobStream(spec: BlobStreamSpec): Readable {
  const stream = Readable.from(chunksOf(spec), { objectMode: false, highWaterMark: 2 * READ_SIZE });
  // Not in the generator, which is never entered when nobody reads.
  stream.once("close", () => void spec.handle.close().catch(() => {}));
  return stream;
}

async function* chunksOf({ handle, start, end, hash, check }: BlobStreamSpec): AsyncGenerator<Uint8Array> {
  // One chunk is held back, as a reader that gets the last byte takes the blob for whole.
  let held: Uint8Array | undefined;
  for await (const chunk of readFrom(handle, start, () => end, READ_SIZE)) {
    hash?.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (hash !== undefined) await check?.(hash.digest("hex"));
  if (held !== undefined) yield held;
}
