/** Files appear whole or not at all: written beside their place, flushed, then renamed over it. */
import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { causeOf, MirrorError } from "../messages/errors.ts";

export interface WriteOptions {
  /** May be run as a program (mode 755 instead of 644). */
  readonly executable?: boolean;
  /** For this user's eyes only (mode 600). */
  readonly confidential?: boolean;
  /** Permission bits in place of those two; they are set as they are, whatever the umask. */
  readonly mode?: number | undefined;
  /** `false` where losing it in a power cut does no harm: it then appears sooner. */
  readonly flush?: boolean;
}

/** Writes `content` to `file`. Throws `file-write`; the old file is then as it was. */
export async function writeWhole(
  file: string,
  content: string | Uint8Array,
  { executable = false, confidential = false, mode, flush = true }: WriteOptions = {},
): Promise<void> {
  const part = join(dirname(file), `.${basename(file)}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    const handle = await open(
      part,
      "wx",
      mode === undefined ? (confidential ? 0o600 : executable ? 0o755 : 0o644) : 0o600,
    );
    try {
      if (mode !== undefined) await handle.chmod(mode & 0o777);
      await handle.writeFile(content);
      if (flush) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {});
    throw new MirrorError("file-write", { file, detail: causeOf(cause) }, { cause });
  }
}

/** Writes several files, each whole. Throws `file-write` at the first that cannot be written. */
export async function writeFiles(
  files: readonly { readonly path: string; readonly text: string; readonly mode?: number | undefined }[],
): Promise<void> {
  for (const { path, text, mode } of files) await writeWhole(path, text, { mode });
}
