/**
 * A blob under way. Its bytes go to its file as they come, gathered into larger writes, and into the hash at the same
 * time; the hash of a continued blob is brought up from the file first. Readers that follow it read the file.
 */
import type { Hash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { hashFor, parseDigest } from "../image/digest.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { codeOf, FLUSH_FROM, guard, type Paths, readFrom, storeError, syncFolder } from "./files.ts";
import type { ProcessLock } from "./process-lock.ts";
import type { PartialBlob } from "./store.ts";

/** Bytes gathered before they are written. */
const WRITE_SIZE = 512 * 1024;

interface PartialSpec {
  readonly paths: Paths;
  readonly digest: string;
  /** Bytes of the whole, where they are known. */
  readonly total: number | undefined;
  readonly lock: ProcessLock;
  /** Called when the blob has its place. */
  readonly onFinished: (info: Stats) => void;
}

/** Opens the partial blob, whose lock the caller has taken and this blob gives back. */
export async function openPartial(spec: PartialSpec): Promise<PartialBlob> {
  const { paths, digest, total } = spec;
  const file = paths.partial(digest);
  return guard(paths.folder, "store-write", async () => {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      let { size } = await handle.stat();
      if (total !== undefined && size > total) {
        await handle.truncate(0);
        size = 0;
      }
      const hash = hashFor(digest);
      for await (const chunk of readFrom(handle, 0, () => size)) hash.update(chunk);
      return new FilePartial(spec, handle, file, hash, size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  });
}

class FilePartial implements PartialBlob {
  readonly digest: string;
  readonly #spec: PartialSpec;
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #hash: Hash;
  /** Bytes in the hash: written or gathered. */
  #size: number;
  /** Bytes in the file. */
  #written: number;
  #gathered: Uint8Array[] = [];
  #writing: Promise<void> = Promise.resolve();
  #verified = false;
  #released = false;
  /** Why nothing more can be done with it, once that is so. */
  #failure: MirrorError | undefined;
  #news = signalBox();

  constructor(spec: PartialSpec, handle: FileHandle, file: string, hash: Hash, size: number) {
    this.digest = spec.digest;
    this.#spec = spec;
    this.#handle = handle;
    this.#file = file;
    this.#hash = hash;
    this.#size = size;
    this.#written = size;
  }

  get size(): number {
    return this.#size;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { total } = this.#spec;
    if (total !== undefined && this.#size + chunk.length > total)
      throw await this.#reject(message("blob-too-long", { size: total }));
    this.#gathered.push(chunk);
    this.#size += chunk.length;
    // Hashing here and writing in the background use two processors; one write runs while the next is gathered.
    this.#hash.update(chunk);
    if (this.#size - this.#written < WRITE_SIZE) return;
    await this.#writing;
    this.#writing = this.#write();
    // A failure is thrown by the next call that awaits the write.
    this.#writing.catch(() => {});
  }

  async finish(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { paths, digest, total, onFinished } = this.#spec;
    await this.#flush();
    if (total !== undefined && this.#size < total) {
      throw new MirrorError("blob-short", { digest, size: this.#size, total });
    }
    const actual = this.#hash.digest("hex");
    if (actual !== parseDigest(digest).hex) throw await this.#reject(message("blob-other-hash", { hash: actual }));
    this.#verified = true;
    this.#news.ring();
    await guard(paths.folder, "store-write", async () => {
      const place = paths.blob(digest);
      const flush = this.#size >= FLUSH_FROM;
      if (flush) await this.#handle.sync();
      await rename(this.#file, place);
      if (flush) await syncFolder(dirname(place));
    });
    onFinished(await this.#handle.stat());
    await this.#release();
  }

  async close(): Promise<void> {
    if (this.#released) return;
    if (this.#failure === undefined && !this.#verified) {
      await this.#flush().catch(() => {});
      this.#fail(new MirrorError("interrupted"));
    }
    await this.#release();
  }

  async *follow(start = 0): AsyncGenerator<Uint8Array, void, undefined> {
    const { paths } = this.#spec;
    const handle = await guard(paths.folder, "store-read", () => this.#openAgain()).catch((error: unknown) => {
      // the file may have been removed because the blob failed
      throw this.#failure ?? error;
    });
    try {
      let position = start;
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        if (position < this.#written) {
          for await (const chunk of readFrom(handle, position, () => this.#written)) {
            position += chunk.length;
            yield chunk;
          }
          continue;
        }
        if (this.#verified) return;
        await this.#news.next();
      }
    } catch (error) {
      throw storeError(paths.folder, "store-read", error);
    } finally {
      await handle.close();
    }
  }

  /** The file under its name of now. */
  async #openAgain(): Promise<FileHandle> {
    try {
      return await open(this.#file, "r");
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw cause;
      return open(this.#spec.paths.blob(this.digest), "r");
    }
  }

  async #flush(): Promise<void> {
    await this.#writing;
    this.#writing = this.#write();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const chunks = this.#gathered;
    this.#gathered = [];
    try {
      await writeAll(this.#handle, chunks, this.#written);
    } catch (cause) {
      throw this.#fail(storeError(this.#spec.paths.folder, "store-write", cause));
    }
    for (const { length } of chunks) this.#written += length;
    this.#news.ring();
  }

  /** Nothing of the content is kept. */
  async #reject(detail: Message): Promise<MirrorError> {
    const error = this.#fail(this.#corrupt(detail));
    await this.#remove();
    return error;
  }

  #corrupt(detail: Message): MirrorError {
    return new MirrorError("blob-corrupt", { digest: this.digest, detail });
  }

  #fail(error: MirrorError): MirrorError {
    this.#failure ??= error;
    this.#news.ring();
    return this.#failure;
  }

  async #remove(): Promise<void> {
    try {
      await guard(this.#spec.paths.folder, "store-write", () => rm(this.#file, { force: true }));
    } finally {
      await this.#release();
    }
  }

  async #release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    try {
      await this.#writing.catch(() => {});
      await this.#handle.close();
    } finally {
      await this.#spec.lock.release();
    }
  }
}

/** Writes all chunks one after another from `position` on. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  let rest = chunks;
  while (rest.length > 0) {
    // A full disk or a signal may end a write early.
    let { bytesWritten } = await handle.writev([...rest], at);
    at += bytesWritten;
    const remaining: Uint8Array[] = [];
    for (const chunk of rest) {
      if (bytesWritten < chunk.length) remaining.push(chunk.subarray(bytesWritten));
      bytesWritten = Math.max(0, bytesWritten - chunk.length);
    }
    rest = remaining;
  }
}

/** Something to wait on: `ring` wakes everyone who waits in `next`. */
function signalBox(): { readonly ring: () => void; readonly next: () => Promise<void> } {
  let waiting: (() => void)[] = [];
  return {
    ring: () => {
      for (const wake of waiting.splice(0)) wake();
    },
    next: () => new Promise((resolve) => void waiting.push(resolve)),
  };
}
