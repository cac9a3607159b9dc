/**
 * What is in an archive, checked before anything of it is used: it may come from anybody. Only names that an archive has
 * are taken, no links, no paths out of the folder; the lists are held against SHA256SUMS, and the blobs against the
 * images that index.json names. The content of layers is checked when it is stored, by its digest.
 */
import { createHash } from "node:crypto";
import { matchesDigest } from "../image/digest.ts";
import { type Descriptor, MANIFEST_LIMIT, parseManifest } from "../image/manifest.ts";
import { wantedPlatform } from "../image/platform.ts";
import { parseReference } from "../image/reference.ts";
import { causeOf, MirrorError } from "../messages/errors.ts";
import type { Cause } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { LARGEST_FILE } from "../deploy/files/project-files.ts";
import { TarError, type TarPlace, tarPlaces } from "../system/tar-reader.ts";
import {
  ANNOTATIONS,
  blobPath,
  blobsIn,
  type CarriedImage,
  digestAt,
  DOCKER_MANIFEST,
  INDEX,
  OCI_LAYOUT,
  PROJECT,
  SCRIPT,
  SUMS,
} from "./layout.ts";
import type { FolderFile } from "./project-folder.ts";
import type { ArchiveSource } from "./source.ts";

export interface ReadArchive {
  readonly images: readonly CarriedImage[];
  /** The project's folder. */
  readonly files: readonly FolderFile[];
  /** Where each blob's content is, by digest. */
  readonly blobs: ReadonlyMap<string, TarPlace>;
}

const LISTS: ReadonlySet<string> = new Set([SCRIPT, SUMS, OCI_LAYOUT, INDEX, DOCKER_MANIFEST]);
/** Bytes of a list. */
const LARGEST_LIST = 64 << 20;
const MOST_IMAGES = 10_000;

/**
 * Reads the lists of an archive. Throws `archive-invalid` for what is no archive of `export`, `archive-damaged` for one
 * whose sums are wrong, `file-read`.
 */
export async function readArchive(source: ArchiveSource): Promise<ReadArchive> {
  const places = await placesOf(source);
  const small = async (name: string): Promise<Uint8Array> => {
    const place = places.get(name);
    if (place === undefined) throw invalid(source, message("archive-lacks", { name }));
    if (place.size > LARGEST_LIST) throw invalid(source, message("archive-too-large", { name }));
    return source.read(place.start, place.size);
  };
  const sums = parseSums(await small(SUMS));
  const checked = async (name: string): Promise<Uint8Array> => {
    const bytes = await small(name);
    if (sums.get(name) === sha256Of(bytes)) return bytes;
    throw damaged(source, places.get(name)!, message("archive-sum", { name }));
  };
  for (const name of [SCRIPT, OCI_LAYOUT, DOCKER_MANIFEST]) await checked(name);
  const images = await imagesOf(source, await checked(INDEX), checked);
  const files: FolderFile[] = [];
  for (const [name, { mode, size }] of places) {
    if (!name.startsWith(PROJECT)) continue;
    const read = (): Promise<Uint8Array> => checked(name);
    files.push({ name: name.slice(PROJECT.length), mode, size, sha256: sha256Of(await read()), read });
  }
  return { images, files, blobs: blobPlaces(source, images, places) };
}

/** The error for an archive whose content at `place` is not what its lists say. */
export function damaged(source: ArchiveSource, place: TarPlace, detail: Cause): MirrorError {
  const [first, last] = [source.partAt(place.start), source.partAt(place.start + Math.max(0, place.size - 1))];
  return new MirrorError("archive-damaged", { file: first === last ? first : `${first} … ${last}`, detail });
}

function invalid({ file }: ArchiveSource, detail: Cause): MirrorError {
  return new MirrorError("archive-invalid", { file, detail });
}

/** Every file of the archive by its name, which is one that archives have. */
async function placesOf(source: ArchiveSource): Promise<ReadonlyMap<string, TarPlace>> {
  let all: readonly TarPlace[];
  try {
    all = await tarPlaces(source);
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    // What begins as an archive and does not end as one was cut off or changed on its way.
    if (error.at > 0) throw new MirrorError("archive-damaged", { file: source.partAt(error.at), detail: error.detail });
    throw invalid(source, error.detail);
  }
  const places = new Map<string, TarPlace>();
  for (const place of all) {
    if (!isKnownName(place.name)) throw invalid(source, message("archive-name", { name: place.name.slice(0, 200) }));
    if (places.has(place.name)) throw invalid(source, message("archive-twice", { name: place.name }));
    if (place.name.startsWith(PROJECT) && place.size > LARGEST_FILE)
      throw invalid(source, message("archive-too-large", { name: place.name }));
    places.set(place.name, place);
  }
  return places;
}

function isKnownName(name: string): boolean {
  if (LISTS.has(name) || digestAt(name) !== undefined) return true;
  const parts = name.split("/");
  return (
    name.startsWith(PROJECT) && !/[\p{Cc}\\]/u.test(name) && parts.every((part) => !["", ".", ".."].includes(part))
  );
}

function parseSums(bytes: Uint8Array): ReadonlyMap<string, string> {
  const lines = new TextDecoder().decode(bytes).split("\n");
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

async function imagesOf(
  source: ArchiveSource,
  index: Uint8Array,
  read: (name: string) => Promise<Uint8Array>,
): Promise<readonly CarriedImage[]> {
  try {
    const { manifests } = JSON.parse(new TextDecoder().decode(index)) as { readonly manifests?: unknown };
    if (!Array.isArray(manifests) || manifests.length > MOST_IMAGES) throw invalid(source, message("archive-index"));
    const images: CarriedImage[] = [];
    for (const entry of manifests as readonly unknown[]) images.push(await imageOf(source, entry, read));
    return images;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) throw invalid(source, message("archive-index"));
    if (error instanceof MirrorError && !error.code.startsWith("archive-")) throw invalid(source, causeOf(error));
    throw error;
  }
}

/** Throws a `TypeError` for an entry that is not of an image of `export`. */
async function imageOf(
  archive: ArchiveSource,
  entry: unknown,
  read: (name: string) => Promise<Uint8Array>,
): Promise<CarriedImage> {
  const { mediaType, digest, size, annotations } = entry as Descriptor & {
    readonly annotations: Record<string, string>;
  };
  if (typeof mediaType !== "string" || !Number.isSafeInteger(size) || size > MANIFEST_LIMIT) throw new TypeError();
  const bytes = await read(blobPath(digest));
  if (!matchesDigest(bytes, digest) || bytes.length !== size) throw invalid(archive, message("archive-index"));
  const manifest = { mediaType, digest, size };
  const fullName = String(annotations[ANNOTATIONS.refName]);
  const parsed = parseManifest({ descriptor: manifest, bytes }, fullName);
  if (parsed.kind === "index") throw new TypeError();
  return {
    source: parseReference(String(annotations[ANNOTATIONS.source])),
    name: parseReference(fullName),
    platform: wantedPlatform(String(annotations[ANNOTATIONS.platform])),
    manifest,
    config: parsed.config,
    layers: parsed.layers,
  };
}

/** The blobs of `images`: all of them with the sizes that the images name, and no others. */
function blobPlaces(
  source: ArchiveSource,
  images: readonly CarriedImage[],
  places: ReadonlyMap<string, TarPlace>,
): ReadonlyMap<string, TarPlace> {
  const blobs = new Map<string, TarPlace>();
  for (const { digest, size } of blobsIn(images)) {
    const place = places.get(blobPath(digest));
    if (place === undefined) throw invalid(source, message("archive-lacks", { name: blobPath(digest) }));
    if (place.size !== size) throw damaged(source, place, message("archive-sum", { name: place.name }));
    blobs.set(digest, place);
  }
  const other = [...places.keys()].find((name) => name.startsWith("blobs/") && !blobs.has(digestAt(name) ?? ""));
  if (other !== undefined) throw invalid(source, message("archive-name", { name: other }));
  return blobs;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
