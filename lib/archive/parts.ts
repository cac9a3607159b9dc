/**
 * An archive on disk: FILE, or its parts FILE.001, FILE.002, … with FILE.sha256, the list of their sums as `sha256sum -c`
 * reads it. A list of parts is written last and removed first, so a set that has one is whole.
 */
import { basename, dirname, join } from "node:path";
import { isMissing, readRegularFile } from "../system/read-file.ts";

/** Bytes. */
const LARGEST_LIST = 4 << 20;

export interface PartSum {
  /** Without a folder. */
  readonly name: string;
  /** Hexadecimal digits. */
  readonly sha256: string;
}

export function partName(file: string, index: number): string {
  return `${basename(file)}.${String(index + 1).padStart(3, "0")}`;
}

export function sumsFile(file: string): string {
  return `${file}.sha256`;
}

/** `FILE` for `FILE.001` and for `FILE` itself. */
export function archiveOfPart(file: string): string {
  return file.replace(/\.\d{3,}$/, "");
}

export function formatPartSums(parts: readonly PartSum[]): string {
  return parts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}

/**
 * The parts of `file` by their list; `undefined` where there is no list, or one that is not of parts of `file`. Throws
 * `file-read`.
 */
export async function readPartSums(file: string): Promise<readonly PartSum[] | undefined> {
  let text: string;
  try {
    text = new TextDecoder().decode(await readRegularFile(sumsFile(file), LARGEST_LIST));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const lines = text.split("\n").filter((line) => line !== "");
  const parts = lines.map((line): PartSum => {
    const [, sha256 = "", name = ""] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    return { name, sha256 };
  });
  const isOurs = parts.length > 0 && parts.every(({ name }, index) => name === partName(file, index));
  return isOurs ? parts : undefined;
}

/** The absolute path of a part. */
export function partPath(file: string, name: string): string {
  return join(dirname(file), name);
}
