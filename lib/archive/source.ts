/** An archive to read, in one piece or in parts, by positions in the whole. */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { basename } from "node:path";
import { causeOf, MirrorError } from "../messages/errors.ts";
import { message } from "../messages/texts.ts";
import { kindOf } from "../system/read-file.ts";
import type { TarSource } from "../system/tar-reader.ts";
import { archiveOfPart, partPath, readPartSums, sumsFile } from "./parts.ts";

interface Part {
  readonly path: string;
  readonly handle: FileHandle;
  /** Where it begins in the whole, in bytes. */
  readonly start: number;
  readonly size: number;
}

export interface ArchiveSource extends TarSource {
  /** Absolute path of the archive, without a part's number. */
  readonly file: string;
  /** Bytes from `start` up to and without `end`, in chunks. */
  chunks(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined>;
  /** The name of the file that holds the byte at `position`, to be named when it is damaged. */
  partAt(position: number): string;
  close(): Promise<void>;
}

/** Bytes read at once. */
const CHUNK = 1 << 20;

/**
 * Opens the archive `file`, or the one whose part it is. Throws `archive-part-missing`, `archive-missing`, `file-read`.
 */
export async function openArchive(file: string): Promise<ArchiveSource> {
  const whole = archiveOfPart(file);
  const parts: Part[] = [];
  const close = async (): Promise<void> => {
    for (const { handle } of parts) await handle.close();
  };
  try {
    for (const path of await piecesOf(file, whole)) {
      const { handle, size } = await openRegular(path);
      const last = parts.at(-1);
      parts.push({ path, handle, size, start: last === undefined ? 0 : last.start + last.size });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const last = parts.at(-1)!;
  const size = last.start + last.size;
  const partOf = (position: number): Part => parts.findLast(({ start }) => start <= position) ?? parts[0]!;

  const readSome = async (position: number, most: number): Promise<Uint8Array> => {
    const part = partOf(position);
    const length = Math.min(most, part.start + part.size - position);
    const buffer = Buffer.allocUnsafeSlow(length);
    try {
      const { bytesRead } = await part.handle.read(buffer, 0, length, position - part.start);
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    } catch (cause) {
      throw new MirrorError("file-read", { file: part.path, detail: causeOf(cause) }, { cause });
    }
    throw new MirrorError("archive-damaged", { file: basename(part.path), detail: message("tar-cut") });
  };
  async function* chunks(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = start; at < end;) {
      const chunk = await readSome(at, Math.min(CHUNK, end - at));
      at += chunk.length;
      yield chunk;
    }
  }
  return {
    file: whole,
    size,
    read: async (start, length) => {
      const all: Uint8Array[] = [];
      for await (const chunk of chunks(start, start + length)) all.push(chunk);
      return all.length === 1 ? all[0]! : Buffer.concat(all);
    },
    chunks,
    partAt: (position) => basename(partOf(position).path),
    close,
  };
}

/** The files that an archive is in, in order. */
async function piecesOf(file: string, whole: string): Promise<readonly string[]> {
  const parts = await readPartSums(whole);
  const isPart = file !== whole && parts !== undefined;
  if (!isPart && (await isThere(whole))) return [whole];
  if (parts === undefined) throw new MirrorError("archive-missing", { file: whole, list: sumsFile(whole) });
  const paths = parts.map(({ name }) => partPath(whole, name));
  for (const path of paths) if (!(await isThere(path))) throw new MirrorError("archive-part-missing", { file: path });
  return paths;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function openRegular(path: string): Promise<Pick<Part, "handle" | "size">> {
  const fail = (cause: unknown): never => {
    throw new MirrorError("file-read", { file: path, detail: causeOf(cause) }, { cause });
  };
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(fail);
  const stat = await handle.stat();
  const detail = kindOf(stat);
  if (detail === undefined) return { handle, size: stat.size };
  await handle.close();
  throw new MirrorError("file-read", { file: path, detail });
}
