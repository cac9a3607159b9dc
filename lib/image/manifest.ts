/**
 * Manifests as values. A registry stores an image as a manifest (one config blob and layer blobs, each named by
 * digest), and an image for several platforms as an index of such manifests; Docker and OCI have a media type each
 * for both. What comes from a registry is untrusted: only real digests pass, so no path can hide in one, and a
 * layer that says it lies at some URL is refused rather than fetched from there.
 */
import { parseDigest } from "./digest.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { formatPlatform, parsePlatform } from "./platform.ts";

/** What a blob or manifest is called: its kind, its hash, its length. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export const MEDIA_TYPES = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
} as const;

/** Every kind of manifest that is understood, for the Accept header. */
export const ACCEPT = Object.values(MEDIA_TYPES).join(", ");

/** More than any registry stores as one manifest. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** A manifest as it lies in the registry; `bytes` have the descriptor's digest. */
export interface RawManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export interface IndexEntry extends Descriptor {
  /** One spelling for each platform; absent when the entry does not say. */
  readonly platform?: string;
}

export type Manifest =
  | { readonly kind: "index"; readonly entries: readonly IndexEntry[] }
  | { readonly kind: "image"; readonly config: Descriptor; readonly layers: readonly Descriptor[] };

const MOST_BLOBS = 10_000;
const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1";

/** Whether `text` is a digest that can be verified. */
export function isDigest(text: string): boolean {
  try {
    parseDigest(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads a manifest; `name` is the image it belongs to. Throws `manifest-invalid`. */
export function parseManifest({ descriptor, bytes }: RawManifest, name: string): Manifest {
  const fail = (detail: Message): MirrorError => new MirrorError("manifest-invalid", { name, detail });
  if (descriptor.mediaType.startsWith(SCHEMA_1)) throw fail(message("manifest-schema-1"));
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(Buffer.from(bytes).toString("utf8")) as Record<string, unknown>;
  } catch {
    throw fail(message("manifest-not-json"));
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw fail(message("manifest-not-object"));
  const mediaType = typeof body["mediaType"] === "string" ? body["mediaType"] : descriptor.mediaType;
  const isIndex = Array.isArray(body["manifests"]);
  const isImage = Array.isArray(body["layers"]) && body["config"] !== undefined;
  if (isIndex === isImage) throw fail(message("manifest-type", { type: mediaType }));
  if (isIndex) return { kind: "index", entries: list(body["manifests"], fail).map((entry) => readEntry(entry, fail)) };
  return {
    kind: "image",
    config: readDescriptor(body["config"], fail),
    layers: list(body["layers"], fail).map((layer) => {
      const read = readDescriptor(layer, fail);
      if (isForeign(layer, read)) throw fail(message("manifest-layer-elsewhere", { digest: read.digest }));
      return read;
    }),
  };
}

/**
 * The entry of an index for `platform`: the exact one, else the nearest older variant that such a machine runs too.
 * Attestations, which say `unknown/unknown`, are never chosen. Throws `image-platform` with what is offered.
 */
export function choosePlatform(entries: readonly IndexEntry[], platform: string, name: string): IndexEntry {
  const images = entries.filter((entry) => !entry.platform?.startsWith("unknown/"));
  for (const wanted of runnable(platform)) {
    const found = images.find((entry) => entry.platform === wanted && isManifestType(entry.mediaType));
    if (found !== undefined) return found;
  }
  const offered = [...new Set(images.flatMap((entry) => entry.platform ?? []))];
  throw new MirrorError("image-platform", {
    image: name,
    platform,
    offered: offered.toSorted().join(", ") || "no platform",
  });
}

/** Checks the config blob of a single image. Throws `image-platform`, `manifest-invalid`. */
export function checkPlatform(config: Uint8Array, platform: string, name: string): void {
  let offered: string | undefined;
  try {
    offered = readPlatform(JSON.parse(Buffer.from(config).toString("utf8")));
  } catch {
    throw new MirrorError("manifest-invalid", { name, detail: message("config-not-json") });
  }
  if (offered === undefined) throw new MirrorError("manifest-invalid", { name, detail: message("config-no-platform") });
  if (!runnable(platform).includes(offered))
    throw new MirrorError("image-platform", { image: name, platform, offered });
}

/** What a machine of `platform` runs, best first: arm/v7 runs v6 and v5, amd64/v3 runs v2 and plain amd64. */
function runnable(platform: string): readonly string[] {
  const { os, architecture, variant } = parsePlatform(platform);
  const level = Number(/^v(\d+)$/.exec(variant ?? "")?.[1] ?? 0);
  const oldest = architecture === "arm" ? 5 : 1;
  const variants = Array.from({ length: Math.max(0, level - oldest) }, (_, index) => `v${level - 1 - index}`);
  const spell = (each: string): string => formatPlatform(parsePlatform(`${os}/${architecture}/${each}`));
  return [platform, ...variants.map(spell)];
}

function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociManifest || mediaType === MEDIA_TYPES.dockerManifest;
}

function list(value: unknown, fail: (detail: Message) => MirrorError): readonly unknown[] {
  const entries = value as readonly unknown[];
  if (entries.length > MOST_BLOBS) throw fail(message("manifest-too-many", { count: entries.length }));
  return entries;
}

function readEntry(value: unknown, fail: (detail: Message) => MirrorError): IndexEntry {
  const descriptor = readDescriptor(value, fail);
  const platform = readPlatform((value as { platform?: unknown }).platform);
  return { ...descriptor, ...(platform === undefined ? {} : { platform }) };
}

function readPlatform(value: unknown): string | undefined {
  const { os, architecture, variant } = (value ?? {}) as { os?: unknown; architecture?: unknown; variant?: unknown };
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  try {
    return formatPlatform(
      parsePlatform([os, architecture, ...(typeof variant === "string" && variant !== "" ? [variant] : [])].join("/")),
    );
  } catch {
    return undefined;
  }
}

function readDescriptor(value: unknown, fail: (detail: Message) => MirrorError): Descriptor {
  const { mediaType, digest, size } = (value ?? {}) as { mediaType?: unknown; digest?: unknown; size?: unknown };
  if (typeof digest !== "string" || !isDigest(digest))
    throw fail(message("manifest-digest", { digest: String(digest).slice(0, 100) }));
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw fail(message("manifest-size", { digest }));
  return { mediaType: typeof mediaType === "string" ? mediaType : "", digest, size };
}

function isForeign(layer: unknown, { mediaType }: Descriptor): boolean {
  const { urls } = layer as { urls?: unknown };
  return (Array.isArray(urls) && urls.length > 0) || /\.foreign\.|\.nondistributable\./.test(mediaType);
}
