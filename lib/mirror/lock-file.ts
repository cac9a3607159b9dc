/**
 * `mirror.lock.json`, beside the mirror compose file: what was mirrored, to the byte. It is made to be kept in version
 * control, so equal contents are equal bytes, and a change of one image changes that image's lines alone.
 *
 *     {
 *       "version": 1,
 *       "images": [
 *         {
 *           "source": "docker.io/library/nginx:1.27",       the name at its public registry
 *           "platform": "linux/amd64",
 *           "sourceDigest": "sha256:…",                     what that name named there: an index, or one image
 *           "platformDigest": "sha256:…",                   the platform's image in it (the same when it is one image)
 *           "mirror": "registry.example/team/nginx:1.27",   the name at the mirror
 *           "mirrorDigest": "sha256:…",                     what that name names there
 *           "size": 72955310                                bytes of the image's layers and config
 *         }
 *       ]
 *     }
 *
 * Images are in code-point order of `source`, then `platform`. `mirrorDigest` equals `platformDigest` where the image's
 * own bytes were copied; an engine that unpacks and packs again makes other bytes of the same image, and does not tell
 * its `platformDigest`.
 */
import { dirname, join } from "node:path";
import { parseDigest } from "../image/digest.ts";
import { causeOf, MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { formatPlatform, parsePlatform } from "../image/platform.ts";
import { formatReference, type ImageReference, parseReference } from "../image/reference.ts";
import { isMissing, readRegularFile } from "../system/read-file.ts";
import { writeWhole } from "../system/write-file.ts";
import { byCodePoint } from "../system/compare.ts";

export const LOCK_FILE = "mirror.lock.json";

/** The lock file's place: beside the mirror compose file. */
export function lockFileOf(composeFile: string): string {
  return join(dirname(composeFile), LOCK_FILE);
}

const VERSION = 1;
/** Bytes; an image takes about 500. */
const LARGEST = 16 << 20;

export interface LockedImage {
  readonly source: ImageReference;
  /** `os/arch[/variant]` */
  readonly platform: string;
  readonly sourceDigest: string;
  readonly platformDigest?: string;
  readonly mirror: ImageReference;
  readonly mirrorDigest: string;
  readonly size: number;
}

/** Reads the lock file; `undefined` when there is none. Throws `file-read`, `lock-invalid`. */
export async function readLock(file: string): Promise<readonly LockedImage[] | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readRegularFile(file, LARGEST);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parseLock(new TextDecoder().decode(bytes), file);
}

/** Writes the lock file, whole or not at all, with the permission bits `mode`. Throws `file-write`. */
export async function writeLock(file: string, images: readonly LockedImage[], mode?: number): Promise<void> {
  await writeWhole(file, formatLock(images), mode === undefined ? {} : { mode });
}

/** The text of a lock file. */
export function formatLock(images: readonly LockedImage[]): string {
  const rows = images.map((image) => ({
    source: formatReference(image.source),
    platform: image.platform,
    sourceDigest: image.sourceDigest,
    ...(image.platformDigest === undefined ? {} : { platformDigest: image.platformDigest }),
    mirror: formatReference(image.mirror),
    mirrorDigest: image.mirrorDigest,
    size: image.size,
  }));
  const sorted = rows.toSorted((a, b) => byCodePoint(a.source, b.source) || byCodePoint(a.platform, b.platform));
  return `${JSON.stringify({ version: VERSION, images: sorted }, null, 2)}\n`;
}

/** Reads the text of a lock file; `file` is its name for messages. Throws `lock-invalid`. */
export function parseLock(text: string, file: string): readonly LockedImage[] {
  const fail = (detail: Message): never => {
    throw new MirrorError("lock-invalid", { file, detail });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return fail(message("lock-not-json", { reason: causeOf(cause) }));
  }
  const { version, images } = asObject(value) ?? {};
  if (version === undefined) return fail(message("lock-no-version", { known: VERSION }));
  if (version !== VERSION) {
    return fail(message("lock-version", { version: JSON.stringify(version).slice(0, 100), known: VERSION }));
  }
  if (!Array.isArray(images)) return fail(message("lock-no-images"));
  const seen = new Set<string>();
  return (images as readonly unknown[]).map((row, index) => {
    const where = `images[${index}]`;
    const fields = asObject(row) ?? fail(message("lock-not-object", { where }));
    /** Reads one field; `read` throws for what it does not take. */
    const field = <T>(name: string, read: (value: string) => T): T => {
      const given = fields[name];
      if (typeof given !== "string") return fail(message("lock-not-text", { where: `${where}.${name}` }));
      try {
        return read(given);
      } catch (cause) {
        return fail(message("lock-field", { where: `${where}.${name}`, reason: causeOf(cause) }));
      }
    };
    const { size } = fields;
    if (!Number.isSafeInteger(size) || (size as number) < 0)
      fail(message("lock-not-bytes", { where: `${where}.size` }));
    const image: LockedImage = {
      source: field("source", parseReference),
      platform: field("platform", (given) => formatPlatform(parsePlatform(given))),
      sourceDigest: field("sourceDigest", readDigest),
      ...(fields["platformDigest"] === undefined ? {} : { platformDigest: field("platformDigest", readDigest) }),
      mirror: field("mirror", parseReference),
      mirrorDigest: field("mirrorDigest", readDigest),
      size: size as number,
    };
    if (seen.has(keyOf(image))) {
      fail(message("lock-twice", { where, image: formatReference(image.source), platform: image.platform }));
    }
    seen.add(keyOf(image));
    return image;
  });
}

/**
 * The lock after a run: what was mirrored now, and of `previous` what is still wanted but was not reached this time,
 * so that one image's failure does not make a later run forget it.
 */
export function mergeLock(
  previous: readonly LockedImage[],
  mirrored: readonly LockedImage[],
  wanted: readonly Pick<LockedImage, "source" | "platform" | "mirror">[],
): readonly LockedImage[] {
  const done = new Set(mirrored.map(keyOf));
  const names = new Map(wanted.map((image) => [keyOf(image), formatReference(image.mirror)]));
  const kept = previous.filter(
    (image) => !done.has(keyOf(image)) && names.get(keyOf(image)) === formatReference(image.mirror),
  );
  return [...kept, ...mirrored];
}

function keyOf({ source, platform }: Pick<LockedImage, "source" | "platform">): string {
  return `${formatReference(source)} ${platform}`;
}

function readDigest(text: string): string {
  parseDigest(text);
  return text;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
