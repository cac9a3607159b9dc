/**
 * Where the files of a tar archive are, read from its headers alone. The archive may be anybody's: it is taken only when
 * it holds nothing but regular files, as `tar.ts` writes them, each with a right checksum and within the archive's end.
 * Reading by position lets the caller check every name and size before any content is used, and skip content.
 */
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { TAR_BLOCK, tarChecksum, type TarFile } from "./tar.ts";

/** A file in an archive. */
export interface TarPlace extends TarFile {
  /** Where its content begins, in bytes. */
  readonly start: number;
}

export interface TarSource {
  /** Bytes of the whole archive. */
  readonly size: number;
  /** Exactly `length` bytes from `start`. */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** More than any archive of images has. */
const MOST_FILES = 100_000;
/** Bytes of pax records; a name and a size take less. */
const LONGEST_PAX = 16 * 1024;

/** Why an archive is not taken, and where in it. */
export class TarError extends Error {
  readonly detail: Message;
  /** The header's place, in bytes. */
  readonly at: number;

  constructor(detail: Message, at: number) {
    super(detail.code);
    this.detail = detail;
    this.at = at;
  }
}

/** The files of `source` in their order. Throws `TarError`. */
export async function tarPlaces(source: TarSource): Promise<readonly TarPlace[]> {
  const places: TarPlace[] = [];
  let pax: ReadonlyMap<string, string> = new Map();
  let at = 0;
  for (;;) {
    const fail = (detail: Message): never => {
      throw new TarError(detail, at);
    };
    if (at + TAR_BLOCK > source.size) fail(message("tar-cut"));
    const block = Buffer.from(await source.read(at, TAR_BLOCK));
    if (block.every((byte) => byte === 0)) return places;
    if (octal(block, 148, 8) !== tarChecksum(block)) fail(message("tar-checksum"));
    const type = String.fromCharCode(block[156]!);
    const size = Number(pax.get("size") ?? octal(block, 124, 12));
    const start = at + TAR_BLOCK;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > source.size) fail(message("tar-cut"));
    if (type === "x") {
      if (size > LONGEST_PAX || pax.size > 0) fail(message("tar-type", { type }));
      pax = paxRecords(Buffer.from(await source.read(start, size))) ?? fail(message("tar-type", { type }));
    } else if (type === "0") {
      const name = pax.get("path") ?? text(block, 0, 100);
      places.push({ name, mode: (octal(block, 100, 8) ?? 0) & 0o777, size, start });
      if (places.length > MOST_FILES) fail(message("tar-many", { most: MOST_FILES }));
      pax = new Map();
    } else fail(message("tar-type", { type }));
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
}

/** A number of a header; `undefined` where none is. */
function octal(block: Buffer, at: number, length: number): number | undefined {
  const digits = text(block, at, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function paxRecords(bytes: Buffer): ReadonlyMap<string, string> | undefined {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString("latin1", at, blank));
    const record = bytes.toString("utf8", blank + 1, at + length - 1);
    const sign = record.indexOf("=");
    if (blank < 0 || !(length > 0) || at + length > bytes.length || sign < 1) return undefined;
    records.set(record.slice(0, sign), record.slice(sign + 1));
    at += length;
  }
  return records;
}
