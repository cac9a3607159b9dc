/** Every file of an archive, in the order that it is written in, with sums and sizes known before the first byte. */
import { createHash } from "node:crypto";
import { parseDigest } from "../image/digest.ts";
import type { Descriptor } from "../image/manifest.ts";
import type { Store } from "../store/store.ts";
import { TAR_END, tarHeader, tarPadding, tarSize } from "../system/tar.ts";
import { dockerManifest, ociIndex } from "./listings.ts";
import {
  blobPath,
  blobsIn,
  type CarriedImage,
  DOCKER_MANIFEST,
  INDEX,
  OCI_LAYOUT,
  PROJECT,
  SCRIPT,
  SUMS,
} from "./layout.ts";
import type { FolderFile } from "./project-folder.ts";

interface ArchiveFile {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  /** Hexadecimal digits. */
  readonly sha256: string;
  readonly content: () => AsyncIterable<Uint8Array>;
}

export interface ArchiveContents {
  /** Text of deploy.sh. */
  readonly script: string;
  readonly images: readonly CarriedImage[];
  /** The project's folder. */
  readonly files: readonly FolderFile[];
}

/** An archive that can be written. */
export interface Archive {
  /** Bytes of the whole. */
  readonly size: number;
  /** Its bytes in order. Fails with `blob-missing`, `blob-corrupt`, `archive-file-changed`, `store-read`. */
  readonly bytes: () => AsyncGenerator<Uint8Array, void, undefined>;
}

/** The archive of `contents`, whose blobs come from `store`; the same contents give the same bytes. */
export async function archiveOf({ script, images, files }: ArchiveContents, store: Store): Promise<Archive> {
  const blobs = await Promise.all(blobsIn(images).map((blob) => blobFile(store, blob)));
  const listed = [
    textFile(SCRIPT, script, 0o755),
    textFile(OCI_LAYOUT, JSON.stringify({ imageLayoutVersion: "1.0.0" })),
    textFile(INDEX, ociIndex(images)),
    textFile(DOCKER_MANIFEST, dockerManifest(images)),
    ...files.map((file) => ({ ...file, name: PROJECT + file.name, content: () => once(file.read) })),
    ...blobs,
  ];
  const sums = textFile(SUMS, listed.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(""));
  const [first, ...rest] = listed;
  const all = [first!, sums, ...rest];
  return {
    size: all.reduce((sum, file) => sum + tarSize(file), TAR_END.length),
    bytes: () => tarOf(all),
  };
}

async function* tarOf(files: readonly ArchiveFile[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const file of files) {
    yield tarHeader(file);
    yield* file.content();
    yield tarPadding(file.size);
  }
  yield TAR_END;
}

function textFile(name: string, text: string, mode = 0o644): ArchiveFile {
  const bytes = Buffer.from(text);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name, mode, size: bytes.length, sha256, content: () => once(() => Promise.resolve(bytes)) };
}

async function blobFile(store: Store, { digest, size }: Descriptor): Promise<ArchiveFile> {
  const { algorithm, hex } = parseDigest(digest);
  return {
    name: blobPath(digest),
    mode: 0o644,
    size,
    sha256: algorithm === "sha256" ? hex : await sha256Of(store, digest),
    content: () => blobBytes(store, digest),
  };
}

/** A blob that is named by another hash is read for the sum. */
async function sha256Of(store: Store, digest: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of blobBytes(store, digest)) hash.update(chunk);
  return hash.digest("hex");
}

async function* blobBytes(store: Store, digest: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* (await store.read(digest)) as AsyncIterable<Uint8Array>;
}

async function* once(read: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield await read();
}
