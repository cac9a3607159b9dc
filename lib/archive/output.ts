/**
 * Writing an archive: as a stream into FILE.partial, which takes the place of FILE when all of it is on the disk. What
 * stops it removes the partial file, so nothing that is not whole has the name of an archive.
 */
import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { writeWhole } from "../system/write-file.ts";
import { MADE_BY } from "./layout.ts";
import { formatPartSums, partName, partPath, type PartSum, readPartSums, sumsFile } from "./parts.ts";

export interface WriteArchiveOptions {
  /** The most bytes of a part; absent = one file. */
  readonly split?: number | undefined;
  /** Permission bits. */
  readonly mode: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that are written so far. */
  readonly onBytes?: (written: number) => void;
}

/**
 * Writes `bytes` to `file`, or to parts of it. Gives the absolute paths that were written, the list of parts last. Throws
 * `archive-disk-full`, `file-write`, `interrupted`, and what `bytes` throws.
 */
export async function writeArchive(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  { split = Infinity, mode, signal, onBytes }: WriteArchiveOptions,
): Promise<readonly string[]> {
  const isSplit = split !== Infinity;
  const parts: Part[] = [];
  let written = 0;
  try {
    let part: Part | undefined;
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length;) {
        if (signal?.aborted) throw new MirrorError("interrupted");
        if (part === undefined || part.size === split) {
          await part?.close();
          part = await Part.open(file, isSplit ? parts.length : undefined, mode);
          parts.push(part);
        }
        const piece = chunk.subarray(at, at + Math.min(chunk.length - at, split - part.size));
        await part.write(piece);
        at += piece.length;
        written += piece.length;
        onBytes?.(written);
      }
    }
    await part?.close();
  } catch (error) {
    for (const each of parts) await each.discard();
    throw error;
  }
  const before = await readPartSums(file);
  if (before !== undefined || isSplit) await remove(sumsFile(file));
  for (const part of parts) await part.place();
  const paths = parts.map(({ path }) => path);
  for (const { name } of before ?? []) if (!paths.includes(partPath(file, name))) await remove(partPath(file, name));
  if (!isSplit) return paths;
  await remove(file);
  const sums = parts.map(({ path, sum }): PartSum => ({ name: basename(path), sha256: sum }));
  await writeWhole(sumsFile(file), formatPartSums(sums), { mode });
  return [...paths, sumsFile(file)];
}

/**
 * Throws `archive-exists` when something is at the place of the archive `file` that `export` did not make, and
 * `file-read` when that cannot be told.
 */
export async function refuseForeign(file: string): Promise<void> {
  const places = [file, partPath(file, partName(file, 0))];
  const foreign = await Promise.all(places.map(async (path) => ((await isForeign(path)) ? [path] : [])));
  const sums = (await exists(sumsFile(file))) && (await readPartSums(file)) === undefined ? [sumsFile(file)] : [];
  const [first] = [...foreign.flat(), ...sums];
  if (first !== undefined) throw new MirrorError("archive-exists", { file: first });
}

/** Bytes at the beginning of an archive that hold the line of deploy.sh that says what made it. */
const BEGINNING = 4096;

async function isForeign(path: string): Promise<boolean> {
  if (!(await exists(path))) return false;
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return true;
  try {
    if (!(await handle.stat()).isFile()) return true;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    return !buffer.toString("latin1", 0, bytesRead).includes(MADE_BY);
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** One file under way. */
class Part {
  readonly path: string;
  size = 0;
  readonly #handle: FileHandle;
  readonly #hash: Hash | undefined;
  #sum = "";

  private constructor(path: string, handle: FileHandle, hash: Hash | undefined) {
    this.path = path;
    this.#handle = handle;
    this.#hash = hash;
  }

  /** Opens the part `index` of `file`, or `file` itself, which needs no sum. */
  static async open(file: string, index: number | undefined, mode: number): Promise<Part> {
    const path = index === undefined ? file : partPath(file, partName(file, index));
    return attempt(path, async () => {
      await rm(partial(path), { force: true });
      const handle = await open(partial(path), "wx", 0o600);
      await handle.chmod(mode & 0o777);
      return new Part(path, handle, index === undefined ? undefined : createHash("sha256"));
    });
  }

  /** Hexadecimal digits of the whole, once it is closed. */
  get sum(): string {
    return this.#sum;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash?.update(bytes);
    await attempt(this.path, async () => {
      for (let at = 0; at < bytes.length;) at += (await this.#handle.write(bytes, at, bytes.length - at)).bytesWritten;
    });
    this.size += bytes.length;
  }

  async close(): Promise<void> {
    await attempt(this.path, async () => {
      await this.#handle.sync();
      await this.#handle.close();
    });
    this.#sum = this.#hash?.digest("hex") ?? "";
  }

  async place(): Promise<void> {
    await attempt(this.path, () => rename(partial(this.path), this.path));
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(partial(this.path), { force: true }).catch(() => {});
  }
}

function partial(path: string): string {
  return `${path}.partial`;
}

async function remove(path: string): Promise<void> {
  await attempt(path, () => rm(path, { force: true }));
}

async function attempt<T>(file: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const isFull = ["ENOSPC", "EDQUOT"].includes((cause as NodeJS.ErrnoException).code ?? "");
    if (isFull) throw new MirrorError("archive-disk-full", { file }, { cause });
    throw new MirrorError("file-write", { file, detail: causeOf(cause) }, { cause });
  }
}
