/** How far uploads got, one small file each. A lost or damaged record only means that the upload starts again. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, parseDigest } from "../image/digest.ts";
import { writeWhole } from "../system/write-file.ts";
import { codeOf, type Paths } from "./files.ts";
import type { UploadRecord, UploadTarget } from "./store.ts";

export async function readUpload(paths: Paths, target: UploadTarget): Promise<UploadRecord | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(fileOf(paths, target), "utf8"));
  } catch (cause) {
    if (codeOf(cause) === "ENOENT" || cause instanceof SyntaxError) return undefined;
    throw cause;
  }
  const { registry, repository, digest, location, offset } = (value ?? {}) as Partial<UploadTarget & UploadRecord>;
  const same = registry === target.registry && repository === target.repository && digest === target.digest;
  if (!same || typeof location !== "string" || !Number.isSafeInteger(offset) || offset! < 0) return undefined;
  return { location, offset: offset! };
}

export async function writeUpload(
  paths: Paths,
  { registry, repository, digest }: UploadTarget,
  record: UploadRecord | undefined,
): Promise<void> {
  const file = fileOf(paths, { registry, repository, digest });
  if (record === undefined) return rm(file, { force: true });
  const { location, offset } = record;
  const text = JSON.stringify({ registry, repository, digest, location, offset });
  await writeWhole(file, text, { confidential: true, flush: false });
}

function fileOf(paths: Paths, { registry, repository, digest }: UploadTarget): string {
  parseDigest(digest);
  const key = digestOf(JSON.stringify([registry, repository, digest]));
  return join(paths.uploads, `${parseDigest(key).hex}.json`);
}
