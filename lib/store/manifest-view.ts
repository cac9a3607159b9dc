/** What the store must know of a manifest: its type, and the blobs that belong to it. */
import { parseDigest } from "../image/digest.ts";
import type { Descriptor } from "./store.ts";

/** More than this is no manifest, as registries commonly limit them to 4 MiB. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

export interface ManifestView {
  readonly mediaType: string;
  readonly isIndex: boolean;
  /** Config and layers of an image, or the manifests of an index. */
  readonly blobs: readonly Descriptor[];
}

/** Looks into `bytes`; `undefined` when they are not a manifest. Entries with an invalid digest are left out. */
export function viewManifest(bytes: Uint8Array): ManifestView | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { mediaType, config, layers, manifests } = value as Readonly<Record<string, unknown>>;
  const children = Array.isArray(manifests) ? (manifests as readonly unknown[]) : undefined;
  if (children === undefined && config === undefined) return undefined;
  const implied = children === undefined ? OCI_MANIFEST : OCI_INDEX;
  const entries = children ?? [config, ...(Array.isArray(layers) ? (layers as readonly unknown[]) : [])];
  return {
    mediaType: typeof mediaType === "string" ? mediaType : implied,
    isIndex: children !== undefined,
    blobs: entries.filter(isDescriptor),
  };
}

function isDescriptor(value: unknown): value is Descriptor {
  const { digest, size } = (value ?? {}) as Partial<Descriptor>;
  if (typeof digest !== "string" || typeof size !== "number") return false;
  try {
    parseDigest(digest);
    return true;
  } catch {
    return false;
  }
}
