/**
 * Files as one tar stream (POSIX ustar, pax headers for names that do not fit), as every tar since CentOS 7's and
 * busybox's reads it. The same files give the same bytes: owner, group and time are zero.
 */

export interface TarEntry {
  /** Relative, with `/`. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const LONGEST_NAME = 100;

/** The archive of `entries`, in their order. */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * BLOCK)]);
}

function entryBlocks({ name, mode, bytes }: TarEntry): readonly Uint8Array[] {
  const file = [header(name, bytes.length, mode, "0"), ...padded(bytes)];
  if (Buffer.byteLength(name) <= LONGEST_NAME) return file;
  const record = paxRecord("path", name);
  return [header("pax", record.length, 0o644, "x"), ...padded(record), ...file];
}

function header(name: string, size: number, mode: number, type: "0" | "x"): Buffer {
  const block = Buffer.alloc(BLOCK);
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
  // The checksum is taken with its own field full of blanks.
  block.fill(" ", 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  block[154] = 0;
  return block;
}

function padded(bytes: Uint8Array): readonly Uint8Array[] {
  return [bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const size = Buffer.byteLength(rest);
  let length = size + 1;
  while (String(length).length + size !== length) length += 1;
  return Buffer.from(`${length}${rest}`);
}
