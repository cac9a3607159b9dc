/**
 * Files as one tar stream (POSIX ustar, pax headers for what does not fit), as every tar since CentOS 7's and busybox's
 * reads it. The same files give the same bytes: owner, group and time are zero.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03
 */

/** What a file's header says. */
export interface TarFile {
  /** Relative, with `/`. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes of its content. */
  readonly size: number;
}

export interface TarEntry extends Omit<TarFile, "size"> {
  readonly bytes: Uint8Array;
}

export const TAR_BLOCK = 512;
/** What ends an archive. */
export const TAR_END: Uint8Array = Buffer.alloc(2 * TAR_BLOCK);
const LONGEST_NAME = 100;
/** Eleven octal digits. */
const LARGEST_SIZE = 0o77777777777;

/** The archive of `entries`, in their order. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, mode, bytes }) => [
    tarHeader({ name, mode, size: bytes.length }),
    bytes,
    tarPadding(bytes.length),
  ]);
  return Buffer.concat([...blocks, TAR_END]);
}

/** What stands before the content of a file. */
export function tarHeader({ name, mode, size }: TarFile): Buffer {
  const records = [
    ...(Buffer.byteLength(name) > LONGEST_NAME ? [paxRecord("path", name)] : []),
    ...(size > LARGEST_SIZE ? [paxRecord("size", String(size))] : []),
  ];
  const file = header(name, Math.min(size, LARGEST_SIZE), mode, "0");
  if (records.length === 0) return file;
  const pax = Buffer.concat(records);
  return Buffer.concat([header("pax", pax.length, 0o644, "x"), pax, tarPadding(pax.length), file]);
}

/** What stands after `size` bytes of content. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}

/** Bytes that a file takes in an archive. */
export function tarSize(file: TarFile): number {
  return tarHeader(file).length + file.size + tarPadding(file.size).length;
}

function header(name: string, size: number, mode: number, type: "0" | "x"): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    block.write(value.toString(8).padStart(length - 1, "0"), at, "latin1");
  };
  Buffer.from(name).copy(block, 0, 0, LONGEST_NAME);
  octal(mode & 0o777, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(type, 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  octal(tarChecksum(block), 148, 7);
  block[154] = 0;
  block[155] = 0x20;
  return block;
}

/** The sum of a header's bytes, its own field taken as blanks. */
export function tarChecksum(block: Uint8Array): number {
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const size = Buffer.byteLength(rest);
  let length = size + 1;
  while (String(length).length + size !== length) length += 1;
  return Buffer.from(`${length}${rest}`);
}
