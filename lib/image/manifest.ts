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

const KNOWN_TYPES: ReadonlySet<string> = new Set(Object.values(MEDIA_TYPES));
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

/**
 * The media type of a manifest: what its body says, where that is a manifest's; else what the registry's Content-Type
 * said; else what the shape of the body implies. Fronts and simple servers send text/plain, application/json or
 * octet-stream, and the OCI formats leave the field optional
 * (https://github.com/opencontainers/image-spec/blob/main/manifest.md). `raw` must have passed `parseManifest`.
 */
export function manifestTypeOf({ descriptor, bytes }: RawManifest): string {
  const body = JSON.parse(Buffer.from(bytes).toString("utf8")) as Readonly<Record<string, unknown>>;
  const said = [body["mediaType"], descriptor.mediaType].find(isKnownType);
  return said ?? impliedType(body);
}

function isKnownType(value: unknown): value is string {
  return typeof value === "string" && KNOWN_TYPES.has(value);
}

function impliedType({ manifests, config }: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(manifests)) return MEDIA_TYPES.ociIndex;
  const { mediaType } = (config ?? {}) as { readonly mediaType?: unknown };
  return String(mediaType).startsWith("application/vnd.docker.") ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
}

/** What the store must know of a manifest: its type, and the blobs that belong to it. */
export interface ManifestView {
  readonly mediaType: string;
  readonly isIndex: boolean;
  /** Config and layers of an image, or the manifests of an index. */
  readonly blobs: readonly Descriptor[];
}

/**
 * A lenient look at bytes that may be a manifest; `undefined` when they are not. Entries without a valid descriptor
 * (https://github.com/opencontainers/image-spec/blob/main/descriptor.md) are skipped.
 */
export function viewManifest(bytes: Uint8Array): ManifestView | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const body = value as Readonly<Record<string, unknown>>;
  const { mediaType, config, layers, manifests } = body;
  const isIndex = Array.isArray(manifests);
  if (!isIndex && config === undefined) return undefined;
  const entries: readonly unknown[] = isIndex ? manifests : [config, ...(Array.isArray(layers) ? layers : [])];
  return {
    mediaType: typeof mediaType === "string" ? mediaType : impliedType(body),
    isIndex,
    blobs: entries.flatMap((entry) => {
      const { digest, size } = (entry ?? {}) as Partial<Descriptor>;
      return typeof digest === "string" && isDigest(digest) && typeof size === "number" ? [entry as Descriptor] : [];
    }),
  };
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
 * Where none fits, the only entry that names no platform (the field is optional,
 * https://github.com/opencontainers/image-spec/blob/main/image-index.md) is taken: its config tells. Attestations, which
 * say `unknown/unknown`, are never chosen. Throws `image-platform` with what is offered.
 */
export function choosePlatform(entries: readonly IndexEntry[], platform: string, name: string): IndexEntry {
  const images = entries.filter((entry) => !entry.platform?.startsWith("unknown/"));
  for (const wanted of runnable(platform)) {
    const found = images.find((entry) => entry.platform === wanted && isManifestType(entry.mediaType));
    if (found !== undefined) return found;
  }
  const silent = images.filter((entry) => entry.platform === undefined && isManifestType(entry.mediaType));
  if (silent.length === 1) return silent[0]!;
  const offered = [...new Set(images.flatMap((entry) => entry.platform ?? []))];
  throw new MirrorError("image-platform", {
    image: name,
    platform,
    offered: offered.toSorted().join(", ") || "no platform",
  });
}

/**
 * Checks the config blob of an image that no index vouches for. Gives a warning when the config names no platform, as
 * then nobody knows; throws `image-platform`, and `manifest-invalid` when it is not JSON.
 */
export function checkPlatform(config: Uint8Array, platform: string, name: string): Message | undefined {
  let offered: string | undefined;
  try {
    offered = readPlatform(JSON.parse(Buffer.from(config).toString("utf8")));
  } catch {
    throw new MirrorError("manifest-invalid", { name, detail: message("config-not-json") });
  }
  if (offered === undefined) return message("platform-assumed", { image: name, platform });
  if (!runnable(platform).includes(offered))
    throw new MirrorError("image-platform", { image: name, platform, offered });
  return undefined;
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
    throw fail(message("manifest-digest", { digest: shown(digest) }));
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw fail(message("manifest-size", { digest }));
  return { mediaType: typeof mediaType === "string" ? mediaType : "", digest, size };
}

/** A value of JSON for a message; empty where there is none. */
function shown(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 100);
}

function isForeign(layer: unknown, { mediaType }: Descriptor): boolean {
  const { urls } = layer as { urls?: unknown };
  return (Array.isArray(urls) && urls.length > 0) || /\.foreign\.|\.nondistributable\./.test(mediaType);
}
